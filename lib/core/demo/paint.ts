/** Painting of a stained blood smear: light passes through, and each cell takes some of it away. */
import { cloud, noise, smoothstep, unit } from './noise';
import { nucleusField, outlineBounds, relativeRadius, type Cell } from './shapes';

type Rgb = readonly [number, number, number];

/** Light that reaches each pixel, 0 to 1 a channel, row-major. */
export class Plate {
  readonly light: Float32Array;
  constructor(readonly width: number, readonly height: number) {
    this.light = new Float32Array(width * height * 3);
  }

  /** Warm, slightly uneven light with a trace of plasma stain; darker towards the corners. */
  background(seed: number, tint: number): void {
    const { width, height } = this;
    const lampX = width * (0.5 + 0.16 * (unit(seed, 1, 1) - 0.5));
    const lampY = height * (0.46 + 0.16 * (unit(seed, 1, 2) - 0.5));
    // The stain of the plasma changes slowly: every eighth pixel is enough, the rest lies between.
    const step = 8;
    const columns = Math.ceil(width / step) + 1;
    const coarse = Float32Array.from({ length: columns * (Math.ceil(height / step) + 1) }, (_, i) => 0.5 + 0.5 * cloud(((i % columns) * step) / 170, (Math.floor(i / columns) * step) / 170, seed + 11));
    const plasmaAt = (x: number, y: number) => {
      const i = Math.floor(y / step) * columns + Math.floor(x / step);
      const [fx, fy] = [(x % step) / step, (y % step) / step];
      const top = coarse[i]! + (coarse[i + 1]! - coarse[i]!) * fx;
      return top + (coarse[i + columns]! + (coarse[i + columns + 1]! - coarse[i + columns]!) * fx - top) * fy;
    };
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const dx = (x - lampX) / width;
        const dy = (y - lampY) / width;
        const falloff = 1 - 0.3 * (dx * dx + dy * dy);
        const plasma = plasmaAt(x, y);
        const grain = 0.005 * noise(x / 7, y / 7, seed + 17);
        const i = (y * width + x) * 3;
        this.light[i] = (0.968 - 0.018 * plasma + grain) * falloff;
        this.light[i + 1] = (0.93 - 0.034 * plasma - 0.012 * tint + grain) * falloff;
        this.light[i + 2] = (0.915 - 0.016 * plasma + 0.02 * tint + grain) * falloff;
      }
    }
  }

  /** Calls `absorb` for each pixel near the cell; it returns how much of each channel is taken away, 0 to 1. */
  cell(cell: Cell, margin: number, absorb: (x: number, y: number, r: number) => Rgb | null): void {
    const b = outlineBounds(cell);
    const x0 = Math.max(0, Math.floor(b.x0 - margin));
    const y0 = Math.max(0, Math.floor(b.y0 - margin));
    const x1 = Math.min(this.width, Math.ceil(b.x1 + margin));
    const y1 = Math.min(this.height, Math.ceil(b.y1 + margin));
    for (let y = y0; y < y1; y++) {
      for (let x = x0; x < x1; x++) {
        const taken = absorb(x + 0.5, y + 0.5, relativeRadius(cell, x + 0.5, y + 0.5));
        if (!taken) continue;
        const i = (y * this.width + x) * 3;
        this.light[i]! *= 1 - taken[0];
        this.light[i + 1]! *= 1 - taken[1];
        this.light[i + 2]! *= 1 - taken[2];
      }
    }
  }

  /** A 3 × 3 binomial blur, `times` over: the focus of the objective. */
  blur(times: number): void {
    const { width, height, light } = this;
    const row = new Float32Array(Math.max(width, height) * 3);
    const pass = (count: number, stride: number, start: number) => {
      for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) row[i * 3 + c] = light[start + i * stride + c]!;
      for (let i = 0; i < count; i++) {
        const before = Math.max(0, i - 1) * 3;
        const after = Math.min(count - 1, i + 1) * 3;
        for (let c = 0; c < 3; c++) light[start + i * stride + c] = (row[before + c]! + 2 * row[i * 3 + c]! + row[after + c]!) / 4;
      }
    };
    for (let n = 0; n < times; n++) {
      for (let y = 0; y < height; y++) pass(width, 3, y * width * 3);
      for (let x = 0; x < width; x++) pass(height, width * 3, x * 3);
    }
  }

  /** 8-bit pixels with a camera's noise; `gain` lightens or darkens. */
  develop(seed: number, gain: number): Uint8ClampedArray {
    const { width, height, light } = this;
    const out = new Uint8ClampedArray(width * height * 4);
    for (let p = 0; p < width * height; p++) {
      // Four uniform numbers add up to nearly a normal one.
      const common = unit(p, seed, 71) + unit(p, seed, 72) - 1;
      for (let c = 0; c < 3; c++) {
        const own = unit(p, seed, 73 + c) + unit(p, seed, 77 + c) - 1;
        out[p * 4 + c] = 255 * gain * light[p * 3 + c]! + 2.6 * common + 2.2 * own;
      }
      out[p * 4 + 3] = 255;
    }
    return out;
  }
}

/** How much of the pixel the shape covers: an edge of about a pixel and a half, whatever the cell's size. */
const coverage = (cell: Cell, r: number, soft: number) => smoothstep(1 + soft / cell.radius, 1 - soft / cell.radius, r);

/** A biconcave disc: thick at the rim, thin and pale in the middle, with a bright line around it where light bends. */
export function paintRed(plate: Plate, cell: Cell): void {
  const paleX = cell.center.x + cell.phase[0].x * cell.radius * 0.07;
  const paleY = cell.center.y + cell.phase[0].y * cell.radius * 0.07;
  const paleSize = 0.66 + 0.14 * (unit(cell.seed, 5, 5) - 0.5);
  const pallor = 0.56 + 0.24 * unit(cell.seed, 5, 6);
  plate.cell(cell, 5, (x, y, r) => {
    if (r > 1.16) return null;
    const inside = coverage(cell, r, 1.1);
    const dx = (x - paleX) / cell.radius;
    const dy = (y - paleY) / cell.radius;
    const fromPale = Math.sqrt(dx * dx + dy * dy);
    const dish = 1 - pallor * (1 - smoothstep(0.05, paleSize, fromPale));
    const rim = 1 + 0.1 * smoothstep(0.7, 0.88, r) - 0.2 * smoothstep(0.9, 1, r);
    const mottle = 1 + 0.05 * cloud(x / 7, y / 7, cell.seed + 3, 2);
    const t = inside * dish * rim * mottle * cell.stain;
    const halo = 0.035 * smoothstep(1.0, 1.04, r) * (1 - smoothstep(1.05, 1.15, r));
    return [0.115 * t - halo, 0.43 * t - halo, 0.385 * t - halo];
  });
}

/** Pale, grained cytoplasm around a dark nucleus with knotted chromatin. */
export function paintWhite(plate: Plate, cell: Cell): void {
  const granules = 0.35 + 0.65 * unit(cell.seed, 6, 1);
  const pink = unit(cell.seed, 6, 2);
  plate.cell(cell, 5, (x, y, r) => {
    if (r > 1.1) return null;
    const inside = coverage(cell, r, 1.3);
    const rim = 1 + 0.22 * smoothstep(0.82, 0.97, r);
    const cytoplasm = inside * rim * (1 + 0.2 * cloud(x / 14, y / 14, cell.seed + 5) + granules * 0.5 * noise(x / 2.8, y / 2.8, cell.seed + 9)) * cell.stain;
    const field = nucleusField(cell, x, y);
    const body = smoothstep(0.93, 1.07, field);
    const chromatin = 0.94 + 0.3 * cloud(x / 9, y / 9, cell.seed + 13) + 0.13 * noise(x / 3.4, y / 3.4, cell.seed + 19);
    const edge = 1 + 0.12 * (1 - smoothstep(1, 1.35, field));
    const n = body * chromatin * edge;
    const halo = 0.03 * smoothstep(0.99, 1.03, r) * (1 - smoothstep(1.03, 1.09, r));
    const mix = (cyto: number, nucleus: number) => 1 - (1 - Math.min(0.9, cyto * cytoplasm)) * (1 - Math.min(0.9, nucleus * n)) - halo;
    return [mix(0.2 - 0.08 * pink, 0.56), mix(0.29, 0.72), mix(0.12 + 0.06 * pink, 0.31)];
  });
}

/** A small, grainy, violet scrap. */
export function paintPlatelet(plate: Plate, cell: Cell): void {
  plate.cell(cell, 5, (x, y, r) => {
    if (r > 1.5) return null;
    const inside = coverage(cell, r, 1.4);
    const core = smoothstep(1, 0.3, r);
    const grains = 1 + 0.4 * noise(x / 1.9, y / 1.9, cell.seed + 23);
    const t = inside * (0.55 + 0.45 * core) * grains * cell.stain;
    const halo = 0.03 * smoothstep(1.02, 1.12, r) * (1 - smoothstep(1.2, 1.45, r));
    return [0.34 * t - halo, 0.5 * t - halo, 0.2 * t - halo];
  });
}
