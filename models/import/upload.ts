/** What can be guessed of a model that a person uploads, and the card that their choices make. */
import { type ModelCard, type StoredNetwork } from '../runtime/card';
import { COCO_CLASSES, PERSON_POINTS } from '../pretrained/builtin/coco';
import { type Size } from '../data/letterbox';
import { classesOf, MAX_SIDE, type UploadChoices } from './choices';
import { fitChoices, layoutSettings, type Hints, type OutputPort, type Reading } from './settings';
import { ModelRefused, type OnnxModel, type OnnxPort } from './onnx';

/** Sides of the input where the file leaves them open and says nothing else. */
const USUAL_SIDE = 640;

type Input = Pick<StoredNetwork & { runtime: 'onnx' }, 'input' | 'type' | 'layout'>;

/** TensorProto.DataType of what an image may be given as. */
const INPUT_TYPES: Readonly<Record<number, Input['type']>> = { 1: 'float32', 2: 'uint8', 6: 'int32', 10: 'float16' };

const shown = ({ name, shape }: OnnxPort): string => `${name} ${shape === null ? '(no shape)' : `[${shape.map((n) => n ?? '?').join(', ')}]`}`;

/**
 * The image input of a model: its name, type and order, its size where the file fixes it, and its number of channels.
 * Throws a `ModelRefused` when there is no such input, or another one beside it.
 */
export function imageInput({ inputs }: OnnxModel): Input & { size: Partial<Size>; depth: 1 | 3 } {
  if (inputs.length !== 1) throw new ModelRefused(`The model takes ${inputs.length} inputs (${inputs.map(shown).join('; ')}); one image is what is given here.`);
  const port = inputs[0]!;
  const type = INPUT_TYPES[port.type];
  if (!type) throw new ModelRefused(`The input ${port.name} is not of a type that images are given as (float, half, byte or integer).`);
  const { shape } = port;
  if (shape?.length !== 4) throw new ModelRefused(`The input ${shown(port)} is no image; expected are [batch, channels, height, width] or [batch, height, width, channels].`);
  if (typeof shape[0] === 'number' && shape[0] !== 1) throw new ModelRefused(`The model wants ${shape[0]} images at a time. Export it with a batch of 1, or an open one.`);
  const depthAt = (axis: number) => (shape[axis] === 1 || shape[axis] === 3 ? (shape[axis] as 1 | 3) : null);
  const layout = depthAt(1) !== null ? 'nchw' : depthAt(3) !== null ? 'nhwc' : 'nchw';
  const depth = depthAt(layout === 'nchw' ? 1 : 3) ?? (typeof shape[1] === 'number' ? null : 3);
  if (depth === null) throw new ModelRefused(`The input ${shown(port)} has neither one nor three channels.`);
  const [height, width] = layout === 'nchw' ? [shape[2], shape[3]] : [shape[1], shape[2]];
  const fixed = (n: number | string | null | undefined) => (typeof n === 'number' ? n : undefined);
  return { input: port.name, type, layout, depth, size: { width: fixed(width), height: fixed(height) } };
}

/** The size to begin with: what the file fixes, else what it says in `imgsz`, else 640. */
export function inputSizeOf({ metadata }: OnnxModel, { width, height }: Partial<Size>): Size {
  const said = (metadata.imgsz ?? '').match(/\d+/g)?.map(Number) ?? [];
  const size = { width: width ?? said[1] ?? said[0] ?? USUAL_SIDE, height: height ?? said[0] ?? USUAL_SIDE };
  if (Math.max(size.width, size.height) > MAX_SIDE) throw new ModelRefused(`The model wants images of ${size.width}×${size.height}; up to ${MAX_SIDE} a side are given.`);
  return size;
}

/** Class names out of `names`: `{0: 'person', 1: "it's"}` as Python prints it, or a JSON list or object. */
export function classNames({ metadata }: Pick<OnnxModel, 'metadata'>): string[] | null {
  const text = metadata.names ?? metadata.classes ?? metadata.labels;
  if (!text || text.length > 1_000_000) return null;
  try {
    const json: unknown = JSON.parse(text);
    const values = Array.isArray(json) ? json : json && typeof json === 'object' ? Object.values(json) : [];
    if (values.length > 0 && values.every((value) => typeof value === 'string')) return values;
  } catch {
    // Python's form is read below.
  }
  const names: string[] = [];
  for (const [, key, single, double] of text.matchAll(/(\d+)\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g)) names[Number(key)] = (single ?? double)!.replace(/\\(.)/g, '$1');
  return names.length > 0 && names.length <= 10_000 && !Array.from(names).includes(undefined as never) ? names : null;
}

/** Names of a number of classes: those of the file (without the background, where only that is too many), COCO's where there are 80, else numbers. */
function namesFor(count: number, model: OnnxModel): string[] {
  const said = classNames(model);
  if (said && (count === 0 || said.length === count)) return said;
  if (said?.length === count + 1) return said.slice(1);
  if (count === COCO_CLASSES.length) return [...COCO_CLASSES];
  return Array.from({ length: Math.max(1, count) }, (_, i) => `class ${i + 1}`);
}

/** What the file says beside its outputs. */
export const hintsOf = (model: OnnxModel, inputSize: Size): Hints => ({ inputSize, metadata: model.metadata, names: classNames(model) });

/** ImageNet's mean and deviation, which most segmenters are trained with. */
const IMAGENET = { mean: [123.675, 116.28, 103.53], deviation: [58.395, 57.12, 57.375] } satisfies Partial<UploadChoices['normalisation']>;
const UNIT = { mean: [0, 0, 0], deviation: [255, 255, 255] } satisfies Partial<UploadChoices['normalisation']>;
const RAW = { mean: [0, 0, 0], deviation: [1, 1, 1] } satisfies Partial<UploadChoices['normalisation']>;

/** What most models of a layout want, to begin with. */
export function guessChoices(model: OnnxModel, reading: Reading, inputSize: Size): UploadChoices {
  const { type, depth } = imageInput(model);
  const { layout, head, outputs, classes, points } = reading;
  const yolo = layout.startsWith('yolo') || layout === 'boxes';
  const raw = type !== 'float32' && type !== 'float16';
  const values = raw || layout === 'movenet' || layout === 'point-list' ? RAW : yolo ? UNIT : IMAGENET;
  const skeleton = points === undefined ? undefined : points === PERSON_POINTS.length ? [...PERSON_POINTS] : Array.from({ length: points }, (_, i) => `point ${i + 1}`);
  return {
    layout, head: head as Record<string, unknown>, outputs, inputSize,
    classes: classesOf(namesFor(classes, model), skeleton),
    normalisation: { resize: layout === 'class-map' ? 'stretch' : 'letterbox', fill: yolo ? 114 : 0, ...values },
    channels: depth === 1 ? 'grey' : 'rgb',
  };
}

/**
 * The card of an uploaded model, whose outputs have these shapes at the chosen input size. Throws a `ModelRefused` when the
 * choices do not fit them.
 */
export function uploadCard(model: OnnxModel, choices: UploadChoices, ports: readonly OutputPort[], credits: readonly string[], createdAt: Date): ModelCard {
  const fitted = fitChoices(choices, ports);
  if ('problem' in fitted) throw new ModelRefused(fitted.problem);
  const { task, name } = layoutSettings[choices.layout]!;
  const { input, type, layout: order } = imageInput(model);
  return {
    format: 'fieldmark-model', version: 2,
    task,
    classes: choices.classes,
    architecture: { backbone: model.producer || 'onnx', head: name },
    inputSize: choices.inputSize,
    normalisation: choices.normalisation,
    network: { runtime: 'onnx', input, type, layout: order, channels: choices.channels, outputs: choices.outputs },
    head: fitted.head as Record<string, unknown>,
    datasetHash: null, metrics: null, training: null, credits: [...credits], createdAt: createdAt.toISOString(),
  };
}
