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
  // One side of the kernel, in 1 / 65536; the middle makes up the sum.
  const side = Array.from({ length: radius + 1 }, (_, i) => Math.exp(-(i ** 2) / (2 * deviation * deviation)));
  const sum = 2 * side.reduce((a, b) => a + b, 0) - 1;
  const kernel = Int32Array.from(side, (weight) => Math.round((65536 * weight) / sum));
  kernel[0] = 65536 - 2 * kernel.subarray(1).reduce((a, b) => a + b, 0);
  const { data, width, height } = image;
  const row = width * 3;
  const line = new Uint8Array((width + 2 * radius) * 3);
  for (let y = 0; y < height; y++) {
    const from = y * row;
    line.set(data.subarray(from, from + row), radius * 3);
    for (let i = 0; i < radius; i++) for (let c = 0; c < 3; c++) {
      line[i * 3 + c] = data[from + c]!;
      line[(radius + width + i) * 3 + c] = data[from + row - 3 + c]!;
    }
    for (let i = 0; i < row; i++) {
      let value = Math.imul(kernel[0]!, line[i + radius * 3]!) + 32768;
      for (let k = 1; k <= radius; k++) value = (value + Math.imul(kernel[k]!, line[i + (radius - k) * 3]! + line[i + (radius + k) * 3]!)) | 0;
      data[from + i] = value >> 16;
    }
  }
  // Down the columns a whole row at a time, from a copy.
  const copy = data.slice();
  const sums = new Int32Array(row);
  for (let y = 0; y < height; y++) {
    sums.fill(32768);
    for (let k = -radius; k <= radius; k++) {
      const from = Math.max(0, Math.min(height - 1, y + k)) * row;
      const weight = kernel[Math.abs(k)]!;
      for (let i = 0; i < row; i++) sums[i] = (sums[i]! + Math.imul(weight, copy[from + i]!)) | 0;
    }
    for (let i = 0; i < row; i++) data[y * row + i] = sums[i]! >> 16;
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
