import { describe, expect, it } from 'vitest';
import { plainAnnotation, planClasses, type InterchangeItem } from '@/lib/core/formats';
import { classPalette, type LabelSchema } from '@/lib/core/labels';
import { convertItem } from './convert';

const uuid = (n: number) => `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const schema: LabelSchema = {
  classes: [{
    id: uuid(1), index: 0, name: 'Cell', color: classPalette[0], hotkey: null, kind: 'box', description: '', skeleton: null,
    attributes: [{ id: uuid(2), name: 'Stain', type: 'select', options: [{ id: uuid(3), name: 'pink' }], default: null }, { id: uuid(4), name: 'Lobes', type: 'number', min: 1, max: 6, step: null, default: null }],
  }],
};
const box = { kind: 'box' as const, v: 1 as const, x0: 1, y0: 2, x1: 3, y1: 4 };
const itemWith = (...annotations: InterchangeItem['annotations']): InterchangeItem => ({ path: 'a.jpg', image: null, width: 10, height: 10, frame: 'oriented', labelled: true, annotations, issues: [] });
const convert = (item: InterchangeItem, create = false, keepScores = false) => {
  const plan = planClasses({ schema, nextIndex: 1, classes: item.annotations.map((a) => ({ name: a.class.name, kind: a.class.kind })), create, newId: () => uuid(99) });
  return convertItem(item, { schema: plan.schema, resolve: plan.resolve, keepScores });
};

describe('convertItem', () => {
  it('finds classes by name whatever their case, and attributes with their options', () => {
    const { annotations, issues } = convert(itemWith(plainAnnotation('cell', box, { truncated: true, attributes: { stain: 'Pink', lobes: '3' } })));
    expect(issues).toEqual([]);
    expect(annotations).toEqual([{ classId: uuid(1), geometry: box, attributes: { [uuid(2)]: uuid(3), [uuid(4)]: 3 }, truncated: true, occluded: false, difficult: false, crowd: false, group: null, track: null, at: null, score: null, origin: null }]);
  });
  it('leaves out and says: unknown classes, attributes that do not fit', () => {
    const { annotations, issues } = convert(itemWith(plainAnnotation('dog', box), plainAnnotation('dog', box), plainAnnotation('Cell', box, { attributes: { lobes: 9, size: 'big' } })));
    expect(annotations).toHaveLength(1);
    expect(issues.map((i) => [i.outcome, i.code])).toEqual([['refused', 'unknown-class'], ['warning', 'attribute-left-out'], ['warning', 'attribute-left-out']]);
    expect(issues[0]!.message).toMatch(/2 annotations of class "dog" in "a.jpg"/);
  });
  it('gives annotations of one group one id, and keeps scores only where asked', () => {
    const item = itemWith(plainAnnotation('Cell', box, { group: 'g', score: 0.5 }), plainAnnotation('Cell', box, { group: 'g' }), plainAnnotation('Cell', box, { group: 'h' }));
    const { annotations } = convert(item);
    expect(annotations[0]!.group).toBe(annotations[1]!.group);
    expect(annotations[0]!.group).not.toBe(annotations[2]!.group);
    expect(annotations[0]!.score).toBeNull();
    expect(convert(item, false, true).annotations[0]!.score).toBe(0.5);
  });
});
