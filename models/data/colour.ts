/** Colour changes of training images: tables of new values, blur and noise. */
import { randomFor } from '../runtime/random';
import { type RgbImage } from './pixels';
import { type ColourShift } from './plan';
import { type ColourTable, plainColours } from './resample';

/** The new value of each byte of each channel. */
export function colourTable({ gain, offset }: ColourShift): ColourTable {
  if (gain.every((k) => k === 1) && offset.every((d) => d === 0)) return plainColours;
  const table = new Uint8Array(768);
  for (let c = 0; c < 3; c++) for (let v = 0; v < 256; v++) table[c * 256 + v] = Math.max(0, Math.min(255, Math.round(gain[c]! * v + offset[c]!)));
  return table;
}

/** Below this standard deviation a blur changes nothing worth its time. */
const LEAST_BLUR = 0.3;

/** Gaussian blur in place, one axis after the other; edges continue. */
export function blurImage(image: RgbImage, deviation: number): void {
  if (deviation < LEAST_BLUR) return;
  const radius = Math.ceil(3 * deviation);
  const kernel = Float32Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * deviation * deviation)));
  const sum = kernel.reduce((a, b) => a + b, 0);
  for (let i = 0; i < kernel.length; i++) kernel[i]! /= sum;
  const { data, width, height } = image;
  blurLines(data, kernel, radius, height, width, width * 3, 3);
  blurLines(data, kernel, radius, width, height, 3, width * 3);
}

/** Convolves each of `lines` lines of `length` pixels: lines begin every `next` bytes, pixels follow every `step` bytes. */
function blurLines(data: Uint8Array, kernel: Float32Array, radius: number, lines: number, length: number, next: number, step: number): void {
  const line = new Float32Array((length + 2 * radius) * 3);
  for (let n = 0; n < lines; n++) {
    for (let i = 0; i < length + 2 * radius; i++) {
      const from = n * next + Math.max(0, Math.min(length - 1, i - radius)) * step;
      for (let c = 0; c < 3; c++) line[i * 3 + c] = data[from + c]!;
    }
    for (let i = 0; i < length; i++) {
      for (let c = 0; c < 3; c++) {
        let value = 0.5;
        for (let k = 0; k < kernel.length; k++) value += kernel[k]! * line[(i + k) * 3 + c]!;
        data[n * next + i * step + c] = value;
      }
    }
  }
}

const NOISE_BITS = 14;
let normals: Int16Array | null = null;

/** Standard normal numbers times 256, the same in every process. */
function normalTable(): Int16Array {
  if (normals) return normals;
  const random = randomFor('noise');
  return (normals = Int16Array.from({ length: 1 << NOISE_BITS }, () => Math.round(256 * random.normal())));
}

/** Adds normal noise of a standard deviation (0–255) to the covered pixels. */
export function addNoise({ data }: RgbImage, deviation: number, key: number, covered: Uint8Array): void {
  const table = normalTable();
  const scale = Math.round(deviation * 256);
  if (scale === 0) return;
  // Xorshift (Marsaglia 2003) picks from the table: good enough to look at, and a tenth of the time of true draws.
  let state = key | 1;
  for (let i = 0; i < covered.length; i++) {
    if (covered[i] === 0) continue;
    for (let c = 0; c < 3; c++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      const value = data[i * 3 + c]! + ((table[state >>> (32 - NOISE_BITS)]! * scale + (1 << 15)) >> 16);
      data[i * 3 + c] = value < 0 ? 0 : value > 255 ? 255 : value;
    }
  }
}
