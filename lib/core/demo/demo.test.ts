import { describe, expect, it } from 'vitest';
import { annotationFields, checkAgainstSchema, geometryBounds, labelSchema } from '../labels';
import { maskArea, maskFromString, maskHas } from '../masks';
import { DEMO_HEIGHT, DEMO_SEED, DEMO_WIDTH, demoClassIds, demoGuide, demoSchema, drawDemoImage } from './index';

const images = Array.from({ length: 8 }, (_, i) => drawDemoImage(DEMO_SEED, i));
const all = images.flatMap((i) => i.annotations);

/** FNV-1a, 32 bit. */
function fingerprint(bytes: ArrayLike<number>): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  return h >>> 0;
}
/** Mean colour of a rectangle. */
function meanColor(image: (typeof images)[number], b: { x0: number; y0: number; x1: number; y1: number }): [number, number, number] {
  const sum: [number, number, number] = [0, 0, 0];
  let n = 0;
  for (let y = Math.max(0, Math.floor(b.y0)); y < Math.min(image.height, Math.ceil(b.y1)); y++) {
    for (let x = Math.max(0, Math.floor(b.x0)); x < Math.min(image.width, Math.ceil(b.x1)); x++, n++) {
      for (let c = 0; c < 3; c++) sum[c]! += image.rgba[(y * image.width + x) * 4 + c]!;
    }
  }
  return sum.map((v) => v / n) as [number, number, number];
}

it('has a schema and a guide that are valid and fit each other', () => {
  expect(labelSchema.safeParse(demoSchema).error).toBeUndefined();
  for (const c of demoSchema.classes) expect(demoGuide).toContain(`**${c.name}**`);
});

describe('pictures', () => {
  it('are the same on every machine', () => {
    expect(images.slice(0, 2).map((i) => fingerprint(i.rgba))).toEqual(FINGERPRINTS);
    expect(drawDemoImage(DEMO_SEED, 3)).toEqual(images[3]);
  });
  it('differ from each other', () => {
    expect(new Set(images.map((i) => fingerprint(i.rgba))).size).toBe(images.length);
    expect(new Set(images.map((i) => i.name)).size).toBe(images.length);
  });
  it('are opaque and 640 × 480', () => {
    for (const i of images) {
      expect([i.width, i.height, i.rgba.length]).toEqual([DEMO_WIDTH, DEMO_HEIGHT, DEMO_WIDTH * DEMO_HEIGHT * 4]);
      for (let p = 3; p < i.rgba.length; p += 4) if (i.rgba[p] !== 255) throw new Error(`pixel ${p >> 2} is not opaque`);
    }
  });
});

describe('ground truth', () => {
  it('is valid under the schema and lies inside the picture', () => {
    for (const a of all) {
      const { object, ...fields } = a;
      expect(object).toBeGreaterThanOrEqual(0);
      expect(annotationFields.safeParse(fields).error).toBeUndefined();
      expect(checkAgainstSchema(fields, demoSchema)).toBeNull();
      const b = geometryBounds(a.geometry);
      if (a.geometry.kind !== 'landmarks') expect(b.x0 >= 0 && b.y0 >= 0 && b.x1 <= DEMO_WIDTH && b.y1 <= DEMO_HEIGHT).toBe(true);
    }
  });
  it('has all kinds of cells in every picture, sizes far apart', () => {
    for (const i of images) {
      const count = (id: string) => i.annotations.filter((a) => a.classId === id).length;
      expect(count(demoClassIds.red)).toBeGreaterThanOrEqual(8);
      expect(count(demoClassIds.white)).toBeGreaterThanOrEqual(1);
      expect(count(demoClassIds.platelet)).toBeGreaterThanOrEqual(3);
      expect(count(demoClassIds.nucleus)).toBe(count(demoClassIds.white));
      expect(count(demoClassIds.axis)).toBe(count(demoClassIds.white));
    }
  });
  it('is where the colours are: red cells red, nuclei dark, around them light', () => {
    for (const image of images) {
      for (const a of image.annotations) {
        const b = geometryBounds(a.geometry);
        const [r, g, blue] = meanColor(image, b);
        if (a.classId === demoClassIds.red && !a.truncated) expect(r - g).toBeGreaterThan(40);
        if (a.classId === demoClassIds.platelet) expect(blue - g).toBeGreaterThan(10);
        if (a.geometry.kind === 'mask') {
          const mask = maskFromString(a.geometry.mask);
          let [inside, n] = [0, 0];
          for (let y = mask.y; y < mask.y + mask.height; y++) for (let x = mask.x; x < mask.x + mask.width; x++) if (maskHas(mask, x, y)) {
            inside += image.rgba[(y * image.width + x) * 4 + 1]!;
            n++;
          }
          expect(n).toBe(maskArea(mask));
          expect(inside / n).toBeLessThan(90);
          expect(g).toBeGreaterThan(inside / n);
        }
      }
    }
  });
  it('has axes that run from the left end over the centre to the right end of the nucleus', () => {
    for (const image of images) {
      for (const a of image.annotations) {
        if (a.geometry.kind !== 'landmarks') continue;
        const nucleus = image.annotations.find((m) => m.object === a.object && m.geometry.kind === 'mask')!;
        const b = geometryBounds(nucleus.geometry);
        const left = a.geometry.points[0]!;
        const centre = a.geometry.points[1]!;
        const right = a.geometry.points[2]!;
        expect(left.x).toBeLessThan(centre.x + 1);
        expect(centre.x).toBeLessThan(right.x + 1);
        const length = Math.hypot(right.x - left.x, right.y - left.y);
        expect(length).toBeGreaterThan(0.9 * Math.max(b.x1 - b.x0, b.y1 - b.y0));
        if (!a.truncated) for (const p of [left, right]) expect(p.x > b.x0 - 12 && p.x < b.x1 + 12 && p.y > b.y0 - 12 && p.y < b.y1 + 12).toBe(true);
      }
    }
  });
});

/** Of the first two pictures' pixels. A change here means that the demo project looks different. */
const FINGERPRINTS = [1395100120, 1260664630];
