import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Predictor, type Viewing } from '../../inference/types';
import { designOf } from '../../testing/classDesign';
import { type Example } from '../../tasks/types';
import { evaluateModel, measureViewings } from './evaluate';

const classes = ['a', 'b'].map((id) => ({ id, name: id }));
const examples: Example[] = ['a', 'b', 'a', 'b'].map((classId, i) => ({ id: String(i), image: { path: `${i}` }, width: 8, height: 8, labels: [{ kind: 'class', classId }] }));

let clock = 0;
afterEach(() => vi.restoreAllMocks());

/** Says `a` of everything at one look and is right when it looks more often, which takes it longer. */
function fake(asked: Viewing[] = []): Predictor {
  const delay: Record<Viewing, number> = { once: 3, flip: 6, 'ten-crop': 30 };
  return {
    card: designOf('classify', { labelSmoothing: 0 }, { classes }),
    async predict(images, { viewing = 'once', onImage, signal } = {}) {
      asked.push(viewing);
      let i = 0;
      for await (const image of images as Iterable<{ path: string }>) {
        signal?.throwIfAborted();
        clock += delay[viewing];
        const classId = viewing === 'once' || Number(image.path) % 2 === 0 ? 'a' : 'b';
        await onImage?.(i++, { width: 8, height: 8, labels: [{ kind: 'class', classId, score: 1 }] });
      }
      return [];
    },
    dispose: () => Promise.resolve(),
  };
}

describe('ways of looking', () => {
  it('are measured each on all images, with what they cost', async () => {
    vi.spyOn(performance, 'now').mockImplementation(() => clock);
    const asked: Viewing[] = [];
    const seen: number[][] = [];
    const measured = await measureViewings(fake(asked), examples, ['once', 'ten-crop'], {
      onImage(done, of) {
        seen.push([done, of]);
        clock += 100;
      },
    });
    expect(measured.map((m) => [m.viewing, m.metrics.values.top1, m.metrics.images])).toEqual([['once', 0.5, 4], ['ten-crop', 1, 4]]);
    // One more at first, so that the first figure is not that of a cold start.
    expect(asked).toEqual(['once', 'once', 'ten-crop']);
    expect(seen).toEqual(Array.from({ length: 8 }, (_, i) => [i + 1, 8]));
    // Not the time of what looks on.
    expect(measured.map((m) => m.milliseconds)).toEqual([3, 30]);
  });

  it('can be given up, and need images', async () => {
    await expect(measureViewings(fake(), examples, ['once'], { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    await expect(measureViewings(fake(), [], ['once'])).rejects.toThrow('no images');
  });

  it('give the figures of an evaluation', async () => {
    expect((await evaluateModel(fake(), examples, { viewing: 'flip' })).values.top1).toBe(1);
  });
});
