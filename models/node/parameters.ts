/** How many numbers a stored model's weights have. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readOnnx } from '../import/onnx';

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Of the model in the folder `dir`, whatever it is stored as. */
export async function countParameters(dir: string): Promise<number> {
  const onnx = path.join(dir, 'model.onnx');
  if (existsSync(onnx)) return readOnnx(await readFile(onnx)).initializers.reduce((sum, { dims }) => sum + product(dims), 0);
  const { weightsManifest } = JSON.parse(await readFile(path.join(dir, 'model.json'), 'utf8')) as { weightsManifest: { weights: { shape: number[] }[] }[] };
  return weightsManifest.flatMap(({ weights }) => weights).reduce((sum, { shape }) => sum + product(shape), 0);
}
