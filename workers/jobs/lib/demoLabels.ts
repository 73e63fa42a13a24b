/** Labels of the demo as people would have drawn them: nearly the truth. */
import { DEMO_HEIGHT, DEMO_WIDTH, demoClassIds, type DemoAnnotation, type DemoImage } from '@/lib/core/demo';
import { clipBox } from '@/lib/core/geometry';
import { Random } from '@/lib/core/random';

/** Three of five pictures are labelled and done, spread evenly. */
export const isLabelled = (index: number) => index % 5 < 3;

/** Share of cells that a person passes over. */
const MISSED = 0.03;
/** Share of red cells that a person takes for platelets. */
const MISTAKEN = 0.01;
/** How far an edge of a hand-drawn box lies off, in pixels, at most. */
const OFF = 1.5;

/** The truth with a person's small errors: some cells missed, a few of another class, box edges a little off. Deterministic. */
export function asPersonDrawn(image: DemoImage, index: number): DemoAnnotation[] {
  const random = new Random(`demo/person/${index}`);
  const missed = new Set<number>();
  for (const object of new Set(image.annotations.map((a) => a.object))) if (random.next() < MISSED) missed.add(object);
  return image.annotations.flatMap((a): DemoAnnotation[] => {
    if (missed.has(a.object)) return [];
    const g = a.geometry;
    if (g.kind !== 'box') return [a];
    const edge = (value: number) => Math.round((value + random.between(-OFF, OFF)) * 10) / 10;
    const box = clipBox({ x0: edge(g.x0), y0: edge(g.y0), x1: edge(g.x1), y1: edge(g.y1) }, { width: DEMO_WIDTH, height: DEMO_HEIGHT });
    const mistaken = a.classId === demoClassIds.red && random.next() < MISTAKEN;
    return box ? [{ ...a, ...(mistaken && { classId: demoClassIds.platelet }), geometry: { ...g, ...box } }] : [];
  });
}
