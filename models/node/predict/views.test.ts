import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomFor } from '../../runtime/random';
import { taskOf } from '../../tasks';
import { designOf } from '../../testing/classDesign';
import { createStore, PixelStore } from '../data/pixelStore';
import { makeBatch } from '../data/makeBatch';
import { noAugmentation } from '../../data/augment';
import { framesOf, viewImage } from './views';

const task = taskOf('classify');

function imageOf(width: number, height: number, seed: number) {
  const random = randomFor('view', seed);
  return { width, height, channels: 3 as const, data: Uint8Array.from({ length: width * height * 3 }, () => random.below(256)) };
}

/** What a network is fed in training, where nothing is varied. */
async function trained(image: ReturnType<typeof imageOf>, design: ReturnType<typeof designOf>): Promise<Uint8Array> {
  const { width, height } = image;
  const kitchen = { design: design as never, task, store: new PixelStore(createStore(1, 0, 0)), load: async () => image, check: () => undefined };
  const ingredient = { index: 0, id: 'x', width, height, labels: [{ kind: 'class' as const, classId: 'square' }], loaded: image };
  return (await makeBatch(kitchen, { batch: 0, drawn: [{ members: [0], augmentation: noAugmentation, key: [1] }], ingredients: [ingredient] })).image!.data as Uint8Array;
}

describe('the views of an image', () => {
  it('are, byte for byte, what training shows of it when nothing is varied', async () => {
    const side = fc.integer({ min: 1, max: 150 });
    await fc.assert(fc.asyncProperty(side, side, fc.integer({ min: 8, max: 64 }), fc.integer({ min: 8, max: 64 }), fc.nat(), async (width, height, w, h, seed) => {
      const image = imageOf(width, height, seed);
      const design = { ...designOf('classify', { labelSmoothing: 0 }), inputSize: { width: w, height: h } };
      const { full, views } = await viewImage({ load: async () => image }, design, 'flip');
      expect(full).toEqual({ width, height });
      expect(Buffer.compare(views[0]!.pixels, await trained(image, design))).toBe(0);
      // And the other way around: the same columns from right to left (to the last bit of rounding).
      const [plain, mirrored] = views as [(typeof views)[0], (typeof views)[0]];
      const { x, y, width: across, height: down } = plain.frame.placement;
      for (let row = 0; row < down; row++) for (let column = 0; column < across; column++) for (let c = 0; c < 3; c++) {
        const [a, b] = [plain.pixels[((y + row) * w + x + column) * 3 + c]!, mirrored.pixels[((y + row) * w + x + across - 1 - column) * 3 + c]!];
        if (Math.abs(a - b) > 1) throw new Error(`${a} and ${b} at column ${column} of row ${row}`);
      }
    }), { numRuns: 40 });
  });

  it('fill the input where it is stretched, at any size', async () => {
    const flat = (width: number, height: number) => ({ ...imageOf(width, height, 1), data: new Uint8Array(width * height * 3).fill(77) });
    const design = { inputSize: { width: 20, height: 12 }, normalisation: { ...designOf('classify', {}).normalisation, resize: 'stretch' as const } };
    for (const [width, height] of [[1, 1], [7, 90], [300, 5], [20, 12]] as const) {
      const { views } = await viewImage({ load: async () => flat(width, height) }, design, 'once');
      expect(views[0]!.pixels.every((value) => value === 77), `${width}×${height}`).toBe(true);
    }
  });
});

const full = { width: 256, height: 128 };
const input = { width: 224, height: 112 };

describe('ten crops', () => {
  const frames = framesOf(full, input, 'ten-crop');

  it('are the centre and the four corners, 224 of 256, each also mirrored', () => {
    expect(frames).toHaveLength(10);
    const places = [[16, 8], [0, 0], [32, 0], [0, 16], [32, 16]];
    for (const mirrored of [false, true]) {
      const own = frames.filter((frame) => frame.mirrored === mirrored);
      expect(own.map(({ region: { x, y } }) => [x, y])).toEqual(places);
      for (const { region, placement } of own) {
        expect([region.width, region.height]).toEqual([224, 112]);
        expect(placement).toEqual({ x: 0, y: 0, ...input });
      }
    }
  });

  it('show the pixels of their places, to the pixel', async () => {
    const data = new Uint8Array(full.width * full.height * 3);
    for (let i = 0; i < full.width * full.height; i++) data.set([i % full.width, Math.floor(i / full.width), 7], i * 3);
    const { views } = await viewImage({ load: async () => ({ data, ...full, channels: 3 as const }) }, { inputSize: input, normalisation: { resize: 'letterbox', fill: 114, mean: [0, 0, 0], deviation: [1, 1, 1] } }, 'ten-crop');
    expect(views).toHaveLength(10);
    for (const { pixels, frame: { region, mirrored } } of views) {
      const wrong = Array.from({ length: input.width * input.height }, (_, i) => i).filter((i) => {
        const x = i % input.width;
        return pixels[i * 3] !== region.x + (mirrored ? input.width - 1 - x : x) || pixels[i * 3 + 1] !== region.y + Math.floor(i / input.width);
      });
      expect(wrong).toEqual([]);
    }
  });

  it('are two views of the whole image with the flip alone, and one without', () => {
    expect(framesOf(full, input, 'flip').map(({ mirrored, region }) => [mirrored, region])).toEqual([[false, { x: 0, y: 0, ...full }], [true, { x: 0, y: 0, ...full }]]);
    expect(framesOf(full, input, 'once')).toHaveLength(1);
  });
});
