/** Tells programs apart by what they compute. */
import { type Program, reachable, type Value } from '../../graph';
import { type ModelDesign } from '../../runtime/card';
import { sha256 } from '../files';

/**
 * Of a program's form (operations, attributes, what goes into what), its constants, and the image it takes. Two that differ in
 * a layer without weights only have different hashes; the same one built again has the same.
 */
export function programHash({ outputs, constants = {} }: Program, { inputSize, normalisation }: ModelDesign): string {
  const nodes = reachable(Object.values(outputs));
  const numbers = new Map(nodes.map((node, i) => [node, i]));
  const place = ({ node, index }: Value) => [numbers.get(node), index];
  const form = nodes.map(({ op, attrs, inputs }) => [op, plain(attrs), inputs.map(place)]);
  const weights = Object.entries(constants).map(([name, { data }]) => [name, bytesHash(data)]);
  return sha256(JSON.stringify([form, Object.values(outputs).map(place), weights, inputSize, normalisation]));
}

const bytesHash = (data: ArrayBufferView): string => sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));

/** Attributes, large arrays of them by their hash. */
const plain = (attrs: object): unknown => Object.entries(attrs).map(([name, value]) => [name, ArrayBuffer.isView(value) ? bytesHash(value) : (value as unknown)]);
