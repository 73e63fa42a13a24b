/**
 * Noise of the demo pictures. Only + − × ÷, √ and integer hashing: these give the same bits on every machine,
 * which sin, cos and exp do not promise.
 */
import type { Random } from '../random';

/** A well-mixed 32-bit hash of three integers. */
export function hash(a: number, b: number, c: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b ^ 0x7f4a7c15, 0xc2b2ae35) ^ Math.imul(c ^ 0x165667b1, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 0;
}

/** Uniform in [0, 1). */
export const unit = (a: number, b: number, c: number): number => hash(a, b, c) / 2 ** 32;

/** A direction: a point on the unit circle. By rejection, so that no sine is needed. */
export function direction(random: Random): { x: number; y: number } {
  for (;;) {
    const x = random.between(-1, 1);
    const y = random.between(-1, 1);
    const d = x * x + y * y;
    if (d > 0.01 && d <= 1) return { x: x / Math.sqrt(d), y: y / Math.sqrt(d) };
  }
}

/** 0 below `from`, 1 above `to`, smooth between. */
export function smoothstep(from: number, to: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

/** Smooth value noise, about −1 to 1, of wavelength 1. */
export function noise(x: number, y: number, seed: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const fx = smoothstep(0, 1, x - ix);
  const fy = smoothstep(0, 1, y - iy);
  const at = (dx: number, dy: number) => unit(ix + dx, iy + dy, seed) * 2 - 1;
  const top = at(0, 0) + (at(1, 0) - at(0, 0)) * fx;
  const bottom = at(0, 1) + (at(1, 1) - at(0, 1)) * fx;
  return top + (bottom - top) * fy;
}

/** Noise of several wavelengths: coarse, and ever finer and weaker. */
export function cloud(x: number, y: number, seed: number, octaves = 3): number {
  let sum = 0;
  let weight = 1;
  let total = 0;
  for (let i = 0; i < octaves; i++) {
    sum += weight * noise(x * 2 ** i, y * 2 ** i, seed + i);
    total += weight;
    weight /= 2;
  }
  return sum / total;
}
