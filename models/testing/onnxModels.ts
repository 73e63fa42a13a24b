/**
 * For tests: small ONNX networks in the output layouts of well-known models. They are no trained networks: what they find is
 * bright red, green or blue, by averages of the image, so that places, colours and scores are known in advance.
 * Input `images`: float32 `[1, 3, 64, 64]`, 0 to 1.
 */
import { ModelProto } from '../graph/onnx/schema';
import { float, OnnxWriter } from '../graph/onnx/writer';

export const SIDE = 64;
/** 8×8 cells of stride 8, 4×4 of 16, 2×2 of 32. */
export const CELLS = 84;

const floats = (w: OnnxWriter, dims: number[], value: (i: number) => number): string =>
  w.initializer('float32', dims, new Uint8Array(Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => value(i)).buffer));

const pool = (w: OnnxWriter, x: string, size: number): string => w.node('AveragePool', [x], { kernel_shape: [size, size], strides: [size, size] });

/** Scores `[1, 3, 84]`: the mean colour of the 8×8 cells, nothing for the coarser ones. */
function colourScores(w: OnnxWriter, x: string): string {
  const cells = w.node('Reshape', [pool(w, x, 8), w.int64([1, 3, 64])]);
  return w.node('Concat', [cells, floats(w, [1, 3, 20], () => 0)], { axis: 2 });
}

/** Boxes `[1, 4, 84]`: centre of each fine cell, `size` on each side. */
const cellBoxes = (w: OnnxWriter, size: number): string => floats(w, [1, 4, CELLS], (i) => {
  const [field, cell] = [Math.floor(i / CELLS), i % CELLS];
  if (cell >= 64) return field < 2 ? 0 : 1;
  return field === 0 ? (cell % 8) * 8 + 4 : field === 1 ? Math.floor(cell / 8) * 8 + 4 : size;
});

function model(build: (w: OnnxWriter, x: string) => [name: string, shape: number[]][], shape: number[] = [1, 3, SIDE, SIDE]): Uint8Array {
  const w = new OnnxWriter();
  const x = w.input('images', 'float32', shape);
  for (const [name, dims] of build(w, x)) w.output(name, 'float32', dims);
  return w.encode();
}

export const yolov8Model = (): Uint8Array => model((w, x) => [[w.node('Concat', [cellBoxes(w, 8), colourScores(w, x)], { axis: 1 }), [1, 7, CELLS]]]);

/** Rows; three anchors a cell, of which the first has objectness 0.9 and the others none. */
export const yolov5Model = (): Uint8Array => model((w, x) => {
  const first = w.node('Concat', [cellBoxes(w, 8), floats(w, [1, 1, CELLS], () => 0.9), colourScores(w, x)], { axis: 1 });
  const rest = floats(w, [1, 8, 2 * CELLS], () => 0);
  return [[w.node('Transpose', [w.node('Concat', [first, rest], { axis: 2 })], { perm: [0, 2, 1] }), [1, 3 * CELLS, 8]]];
});

/** Boxes of 40 pixels; the only coefficient that is not 0 weighs a prototype that is positive where red is above one half. */
export const yolov8SegModel = (): Uint8Array => model((w, x) => {
  const coefficients = floats(w, [1, 32, CELLS], (i) => (i < CELLS ? 1 : 0));
  const weights = floats(w, [32, 3, 1, 1], (i) => (i === 0 ? 20 : 0));
  const prototypes = w.node('Conv', [pool(w, x, 4), weights, floats(w, [32], (i) => (i === 0 ? -10 : 0))], { kernel_shape: [1, 1] });
  return [
    [w.node('Concat', [cellBoxes(w, 40), colourScores(w, x), coefficients], { axis: 1 }), [1, 39, CELLS]],
    [prototypes, [1, 32, 16, 16]],
  ];
});

/** One class (red); point k lies k pixels right of the cell's middle, the even ones sure. */
export const yolov8PoseModel = (): Uint8Array => model((w, x) => {
  const red = w.node('Slice', [colourScores(w, x), w.int64([0]), w.int64([1]), w.int64([1])]);
  const points = floats(w, [1, 51, CELLS], (i) => {
    const [row, cell] = [Math.floor(i / CELLS), i % CELLS];
    const k = Math.floor(row / 3);
    return row % 3 === 0 ? (cell % 8) * 8 + 4 + k : row % 3 === 1 ? Math.floor(cell / 8) * 8 + 4 : k % 2 === 0 ? 0.9 : 0.1;
  });
  return [[w.node('Concat', [cellBoxes(w, 8), red, points], { axis: 1 }), [1, 56, CELLS]]];
});

/** Logits of background and three colours, at half the input's size. */
export const classMapModel = (): Uint8Array => model((w, x) => {
  const colours = w.node('Mul', [pool(w, x, 2), w.scalar(20)]);
  return [[w.node('Concat', [floats(w, [1, 1, 32, 32], () => 10), colours], { axis: 1 }), [1, 4, 32, 32]]];
});

/** Scores at a quarter of the input, sizes of 2 × 4 cells (width, height), offsets of a quarter. */
export const centernetModel = (): Uint8Array => model((w, x) => [
  [w.node('Identity', [pool(w, x, 4)]), [1, 3, 16, 16]],
  [w.node('Identity', [floats(w, [1, 2, 16, 16], (i) => (i < 256 ? 2 : 4))]), [1, 2, 16, 16]],
  [w.node('Identity', [floats(w, [1, 2, 16, 16], () => 0.25)]), [1, 2, 16, 16]],
]);

/** Two boxes, whatever the image. */
export const boxesModel = (): Uint8Array => model((w, x) => {
  const nothing = w.node('Mul', [w.node('ReduceMean', [x], { axes: [1, 2, 3], keepdims: 0 }), w.scalar(0)]);
  const rows = floats(w, [1, 3, 6], (i) => [8, 16, 24, 32, 0.9, 1, 0, 0, 10, 10, 0.5, 0, 0, 0, 0, 0, 0, 0][i]!);
  return [[w.node('Add', [rows, nothing]), [1, 3, 6]]];
});

/** The finest cells alone, 64 of them, which is the number of no well-known model; boxes in shares of the input, scores before the sigmoid. */
export const unusualDetector = (): Uint8Array => model((w, x) => {
  const cells = w.node('Reshape', [pool(w, x, 8), w.int64([1, 3, 64])]);
  const boxes = floats(w, [1, 4, 64], (i) => {
    const [field, cell] = [Math.floor(i / 64), i % 64];
    return (field === 0 ? (cell % 8) + 0.5 : field === 1 ? Math.floor(cell / 8) + 0.5 : 1) / 8;
  });
  return [[w.node('Concat', [boxes, w.node('Mul', [w.node('Sub', [cells, w.scalar(0.5)]), w.scalar(12)])], { axis: 1 }), [1, 7, 64]]];
});

/** Logits of red, green and blue after the axes of space, at half the input's size; what is dark is green. */
export const colourMapModel = (): Uint8Array => model((w, x) => {
  const colours = w.node('Add', [w.node('Mul', [pool(w, x, 2), w.scalar(20)]), floats(w, [1, 3, 1, 1], (i) => (i === 1 ? 5 : 0))]);
  return [[w.node('Transpose', [colours], { perm: [0, 2, 3, 1] }), [1, 32, 32, 3]]];
});

/** The number of the class: 0 dark, 1 red, 2 green, 3 blue; as whole numbers. */
export const indexMapModel = (): Uint8Array => {
  const w = new OnnxWriter();
  const x = w.input('images', 'float32', [1, 3, SIDE, SIDE]);
  const scores = w.node('Concat', [floats(w, [1, 1, 32, 32], () => 0.5), pool(w, x, 2)], { axis: 1 });
  w.output(w.node('ArgMax', [scores], { axis: 1, keepdims: 0 }), 'int64', [1, 32, 32]);
  return w.encode();
};

/** Zero, whatever the image is: so that outputs depend on it. */
const nothingOf = (w: OnnxWriter, x: string): string => w.node('Mul', [w.node('ReduceMean', [x], { axes: [1, 2, 3], keepdims: 0 }), w.scalar(0)]);

/** Point k at y = 0.25, x = 0.05 · k of the input; the first two sure, the others not. */
export const pointListModel = (): Uint8Array => model((w, x) => {
  const points = floats(w, [1, 1, 6, 3], (i) => (i % 3 === 0 ? 0.25 : i % 3 === 1 ? 0.05 * Math.floor(i / 3) : i < 6 ? 0.9 : 0.2));
  return [[w.node('Add', [points, nothingOf(w, x)]), [1, 1, 6, 3]]];
});

/** MoveNet's maps for two points on 8×8 cells: the first in cell (2, 3), the second in cell (5, 6), places a half and a quarter further. */
export const movenetModel = (): Uint8Array => model((w, x) => {
  const at = (row: number, column: number) => row * 8 + column;
  const map = (channels: number, value: (cell: number, channel: number) => number) => w.node('Add', [floats(w, [1, 8, 8, channels], (i) => value(Math.floor(i / channels), i % channels)), nothingOf(w, x)]);
  return [
    [map(2, (cell, k) => (cell === (k === 0 ? at(2, 3) : at(5, 6)) ? 0.9 : 0.01)), [1, 8, 8, 2]],
    [map(1, (cell) => (cell === at(4, 4) ? 0.9 : 0)), [1, 8, 8, 1]],
    [map(4, (cell, c) => (cell === at(4, 4) ? [-2, -1, 1, 2][c]! : 0)), [1, 8, 8, 4]],
    [map(4, (_cell, c) => (c < 2 ? 0.5 : 0.25)), [1, 8, 8, 4]],
  ];
});

/** A network with an operator of somebody's own. */
export const customModel = (): Uint8Array => model((w, x) => [[w.node('Magic', [x], {}, 'ai.somebody'), [1, 3, SIDE, SIDE]]]);
/** A network with an operator that may go on without end. */
export const loopModel = (): Uint8Array => model((w, x) => [[w.node('Loop', ['', '', x]), [1, 3, SIDE, SIDE]]]);
/** A network that wants four images at a time. */
export const batchModel = (): Uint8Array => model((w, x) => [[w.node('LeakyRelu', [x], { alpha: float(0.1) }), [4, 3, 8, 8]]], [4, 3, 8, 8]);

/** The model with entries of metadata, as exporters write them. */
export function withMetadata(bytes: Uint8Array, entries: Readonly<Record<string, string>>): Uint8Array {
  const parts: Uint8Array[] = [bytes];
  const encoder = new TextEncoder();
  const block = (id: number, content: Uint8Array) => Uint8Array.of((id << 3) | 2, ...length(content.length), ...content);
  for (const [key, value] of Object.entries(entries)) parts.push(block(14, Uint8Array.of(...block(1, encoder.encode(key)), ...block(2, encoder.encode(value)))));
  return Buffer.concat(parts);
}

/** A varint. */
function length(n: number): number[] {
  return n < 128 ? [n] : [(n & 127) | 128, ...length(n >> 7)];
}

/** The model with the sides of its input, and the shapes of its outputs, left open. */
export function withOpenSize(bytes: Uint8Array): Uint8Array {
  const decoded = ModelProto.decode(bytes) as unknown as { graph: Record<'input' | 'output', { type: { tensorType: { shape: { dim: object[] } } } }[]> };
  const { input, output } = decoded.graph;
  const { dim } = input[0]!.type.tensorType.shape;
  dim.splice(2, 2, { dimParam: 'height' }, { dimParam: 'width' });
  for (const { type: { tensorType: { shape } } } of output) shape.dim = shape.dim.map((_, i) => ({ dimParam: `d${i}` }));
  return ModelProto.encode(decoded as never).finish();
}

interface Decoded {
  graph: { initializer: { name: string; rawData: Uint8Array }[] };
}

/** The model with its first weight in another file. */
export function withExternalData(bytes: Uint8Array): Uint8Array {
  const decoded = ModelProto.decode(bytes) as unknown as Decoded;
  const name = new TextEncoder().encode(decoded.graph.initializer[0]!.name);
  // A further tensor: name (8) and data_location (14) = EXTERNAL, in graph (7), initializer (5).
  const tensor = Uint8Array.of((8 << 3) | 2, name.length, ...name, 14 << 3, 1);
  return Buffer.concat([replaceGraph(bytes, tensor)]);
}

/** Appends an initializer to the graph. */
function replaceGraph(bytes: Uint8Array, tensor: Uint8Array): Uint8Array {
  const message = ModelProto.decode(bytes) as unknown as { graph: object };
  const GraphProto = ModelProto.root.lookupType('onnx.GraphProto');
  const graph = Buffer.concat([GraphProto.encode(message.graph as never).finish(), Uint8Array.of((5 << 3) | 2, tensor.length, ...tensor)]);
  const rest = ModelProto.encode({ ...message, graph: undefined } as never).finish();
  return Buffer.concat([rest, Uint8Array.of((7 << 3) | 2, ...length(graph.length)), graph]);
}
