import { describe, expect, it } from 'vitest';
import { framesOf, viewImage } from './views';

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
