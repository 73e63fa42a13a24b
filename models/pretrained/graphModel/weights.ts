/**
 * Weights of a TensorFlow.js model file: a manifest of names, shapes and types, and the bytes one after another.
 * Quantised weights come back as float32 (or int32, where that is the type they had).
 */
import { z } from 'zod';
import { sizeOf, type DType, type TensorData, type TypedArray } from '../../graph';
import { fromHalf } from '../../runtime/half';

const specSchema = z.object({
  name: z.string().min(1),
  shape: z.array(z.number().int().nonnegative()).max(8),
  dtype: z.enum(['float32', 'int32', 'bool', 'string', 'complex64']),
  quantization: z.object({ dtype: z.enum(['uint8', 'uint16', 'float16']), scale: z.number().optional(), min: z.number().optional() }).optional(),
});
export type WeightSpec = z.infer<typeof specSchema>;

export const manifestSchema = z.array(z.object({ paths: z.array(z.string().min(1)), weights: z.array(specSchema) }));
export type WeightManifest = z.infer<typeof manifestSchema>;

const WIDTH = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 } as const;

/** One weight out of its bytes. Quantised to whole numbers q, the value is q · scale + min (rounded, for int32). */
function decode({ dtype, shape, quantization }: WeightSpec, view: DataView): TensorData {
  const count = sizeOf(shape);
  const type = dtype as DType;
  const data: TypedArray = dtype === 'float32' ? new Float32Array(count) : dtype === 'int32' ? new Int32Array(count) : new Uint8Array(count);
  const { scale = 1, min = 0 } = quantization ?? {};
  const affine = (q: number) => (dtype === 'int32' ? Math.round(q * scale + min) : q * scale + min);
  for (let i = 0; i < count; i++) {
    switch (quantization?.dtype ?? dtype) {
      case 'float32': data[i] = view.getFloat32(4 * i, true); break;
      case 'int32': data[i] = view.getInt32(4 * i, true); break;
      case 'float16': data[i] = fromHalf(view.getUint16(2 * i, true)); break;
      case 'uint16': data[i] = affine(view.getUint16(2 * i, true)); break;
      case 'uint8': data[i] = affine(view.getUint8(i)); break;
      default: data[i] = view.getUint8(i);
    }
  }
  return { dtype: type, shape, data };
}

/**
 * Weights by name. `bytes` are all the files of the manifest, in its order. Throws an Error when they are too few or too
 * many, when two weights have one name, or when a type is no number.
 */
export function decodeWeights(specs: readonly WeightSpec[], bytes: Uint8Array): Map<string, TensorData> {
  const weights = new Map<string, TensorData>();
  let at = 0;
  for (const spec of specs) {
    if (spec.dtype === 'string' || spec.dtype === 'complex64') throw new Error(`weight ${spec.name} is of type ${spec.dtype}, which no layer here reads`);
    if (weights.has(spec.name)) throw new Error(`two weights have the name ${spec.name}`);
    const size = sizeOf(spec.shape) * WIDTH[spec.quantization?.dtype ?? spec.dtype];
    if (!(at + size <= bytes.byteLength)) throw new Error(`the weights end at byte ${bytes.byteLength}, inside ${spec.name}: the file is cut short`);
    weights.set(spec.name, decode(spec, new DataView(bytes.buffer, bytes.byteOffset + at, size)));
    at += size;
  }
  if (at !== bytes.byteLength) throw new Error(`the weights have ${bytes.byteLength} bytes, the model names ${at}`);
  return weights;
}
