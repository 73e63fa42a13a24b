/** The micrographs' cells, as the loop's schema names them, and how a hand labels them. */
import type { Annotation } from '@/lib/core/labels';
import { maskFromString, type Mask } from '@/lib/core/masks';
import { boxesOf, type CellKind, type DemoPicture } from './images';
import type { Labelling, Rect } from './labelling';

export const KEYS = { red: '1', white: '2', platelet: '3', nucleus: '4', axis: '5' } as const;
export const NAMES = { red: 'Red cell', white: 'White cell', platelet: 'Platelet', nucleus: 'Nucleus', axis: 'Nucleus axis' } as const;
const kinds: readonly CellKind[] = ['red', 'white', 'platelet'];

export const cellsOf = (p: DemoPicture): Rect[] => kinds.flatMap((kind) => boxesOf(p, kind));

/** All boxes of a picture, kind by kind; `done` says how many of a kind are there already. */
export async function drawCells(hand: Labelling, p: DemoPicture, done: Partial<Record<CellKind, number>> = {}): Promise<void> {
  for (const kind of kinds) {
    await hand.pick(KEYS[kind], 'box');
    for (const box of boxesOf(p, kind).slice(done[kind] ?? 0)) await hand.drawBox(box);
  }
}

export function maskOf(annotations: readonly Annotation[]): Mask {
  const found = annotations.find((a) => a.geometry.kind === 'mask')?.geometry;
  if (found?.kind !== 'mask') throw new Error('there is no mask');
  return maskFromString(found.mask);
}

/** What annotations say, without what the server counts. */
export const content = (list: readonly Annotation[]) => list.map(({ rev: _, ...rest }) => rest).sort((a, b) => (a.id < b.id ? -1 : 1));
