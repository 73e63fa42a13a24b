/** What may lie in other files, in models written byte by byte: fields of onnx.proto3 by their numbers. */
import { describe, expect, it } from 'vitest';
import { checkOnnx, ModelRefused, readOnnx } from '.';

const text = (value: string): number[] => [...new TextEncoder().encode(value)];
/** A field of bytes; the messages here are shorter than 128 bytes but for the outermost, which have no length. */
function bytes(id: number, content: number[]): number[] {
  if (content.length > 127) throw new Error('write a longer length');
  return id < 16 ? [(id << 3) | 2, content.length, ...content] : [((id << 3) & 127) | 130, id >> 4, content.length, ...content];
}
const number = (id: number, value: number): number[] => [id << 3, value];

/** TensorProto: dims 2, float, in another file (13 external_data { key, value }, 14 data_location). */
const elsewhere = [...number(1, 2), ...number(2, 1), ...bytes(8, text('w')), ...bytes(13, [...bytes(1, text('location')), ...bytes(2, text('/etc/passwd'))]), ...number(14, 1)];
/** SparseTensorProto: values, dims. */
const sparse = [...bytes(1, elsewhere), ...number(3, 2)];
/** NodeProto Identity of x, with an attribute (5). */
const node = (attribute: number[] = []): number[] => [...bytes(1, text('x')), ...bytes(2, text('y')), ...bytes(4, text('Identity')), ...(attribute.length > 0 ? bytes(5, attribute) : [])];
const port = (name: string): number[] => bytes(1, text(name));
/** ModelProto of IR version 8 with a graph (7) of these nodes and further fields. */
const model = (nodes: number[][], more: number[] = []): Uint8Array =>
  Uint8Array.from([...number(1, 8), ...bytes(7, [...nodes.flatMap((one) => bytes(1, one)), ...bytes(11, port('x')), ...bytes(12, port('y')), ...more])]);

describe('a model', () => {
  it('with all its weights inside passes', () => {
    expect(() => checkOnnx(readOnnx(model([node()])))).not.toThrow();
  });

  it.each([
    ['an initializer of the graph', model([node()], bytes(5, elsewhere)), 'lies in another file'],
    ['a tensor of an attribute', model([node([...bytes(1, text('t')), ...bytes(5, elsewhere)])]), 'lies in another file'],
    ['one of several tensors of an attribute', model([node([...bytes(1, text('t')), ...bytes(10, elsewhere)])]), 'lies in another file'],
    ['an initializer of a graph within a node', model([node([...bytes(1, text('g')), ...bytes(6, bytes(5, elsewhere))])]), 'lies in another file'],
    ['a sparse initializer of the graph', model([node()], bytes(15, sparse)), 'sparse tensors'],
    ['a sparse tensor of an attribute', model([node([...bytes(1, text('s')), ...bytes(22, sparse)])]), 'sparse tensors'],
    ['one of several sparse tensors of an attribute', model([node([...bytes(1, text('s')), ...bytes(23, sparse)])]), 'sparse tensors'],
    ['a sparse initializer of a graph within a node', model([node([...bytes(1, text('g')), ...bytes(6, bytes(15, sparse))])]), 'sparse tensors'],
  ])('with data in another file is refused: %s', (_name, file, message) => {
    const check = () => checkOnnx(readOnnx(file));
    expect(check).toThrow(ModelRefused);
    expect(check).toThrow(message);
  });
});
