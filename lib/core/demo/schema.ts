import type { LabelSchema } from '../labels';

const id = (n: number) => `01900000-0000-7000-8000-0000000000${n.toString(16).padStart(2, '0')}`;

/** Ids never change, so that a model of one demo project fits another. */
export const demoClassIds = { red: id(1), white: id(2), platelet: id(3), nucleus: id(4), axis: id(5) } as const;
export const lobesAttribute = id(0x10);

export const demoSchema: LabelSchema = {
  classes: [
    { id: demoClassIds.red, index: 0, name: 'Red cell', color: '#e03131', hotkey: '1', kind: 'box', description: 'A pink disc with a pale middle.', attributes: [] },
    {
      id: demoClassIds.white, index: 1, name: 'White cell', color: '#1c7ed6', hotkey: '2', kind: 'box', description: 'A large pale cell around a dark nucleus.',
      attributes: [{ id: lobesAttribute, name: 'Lobes', type: 'number', min: 1, max: 6, step: 1 }],
    },
    { id: demoClassIds.platelet, index: 2, name: 'Platelet', color: '#f08c00', hotkey: '3', kind: 'box', description: 'A small violet scrap, a third of a red cell or less.', attributes: [] },
    { id: demoClassIds.nucleus, index: 3, name: 'Nucleus', color: '#9c36b5', hotkey: '4', kind: 'mask', description: 'The dark body inside a white cell, all lobes together.', attributes: [] },
    {
      id: demoClassIds.axis, index: 4, name: 'Nucleus axis', color: '#2f9e44', hotkey: '5', kind: 'landmarks', description: 'The line along which the nucleus is longest.', attributes: [],
      skeleton: { points: [{ id: id(0x20), name: 'left end' }, { id: id(0x21), name: 'centre' }, { id: id(0x22), name: 'right end' }], edges: [[0, 1], [1, 2]], pairs: [[0, 2]] },
    },
  ],
};
