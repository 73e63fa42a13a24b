/** What the preview of augmentation is made from: images of the project at a size that is quick to change, and their labels. */
import type { AugmentOptions } from '@/lib/core/augmentation';
import { annotationKindOf, type Annotation, type LabelClass, type TaskName } from '@/lib/core/labels';
import { labelsOf, previewAugmentation, noAugmentation, type Preview, type PreviewExample, type PreviewLabel } from '@/models/browser/preview';
import { api } from './api';
import { assetUrl } from './assets';
import type { Item } from './queries';

/** Longest side of a preview in pixels: one takes a few milliseconds. */
const SIDE = 320;
/** Images are kept somewhat larger, so that a closer look is no blur. */
const KEPT = 1.5 * SIDE;

export interface Size { width: number; height: number }

/** The network's input as it is previewed: of the shape it will have, no longer than `SIDE`. */
export function previewInput(image: Size, inputSize: number | null): Size {
  if (inputSize !== null) return { width: Math.min(SIDE, inputSize), height: Math.min(SIDE, inputSize) };
  const scale = SIDE / Math.max(image.width, image.height);
  return { width: Math.max(32, Math.round(image.width * scale)), height: Math.max(32, Math.round(image.height * scale)) };
}

/** Options for a preview smaller than the input: what is told in pixels shrinks with it. */
export function previewOptions(options: AugmentOptions, shown: Size, inputSize: number | null): AugmentOptions {
  return inputSize === null ? options : { ...options, blur: (options.blur * shown.width) / inputSize };
}

/** The labels that a task learns, of classes that are learned. */
export function taskLabels(task: TaskName, annotations: readonly Annotation[], classes: readonly Pick<LabelClass, 'id'>[]): PreviewLabel[] {
  const kind = annotationKindOf[task];
  const known = new Set(classes.map(({ id }) => id));
  return kind ? labelsOf(annotations.filter((a) => a.geometry.kind === kind && known.has(a.classId)), [kind]) : [];
}

/** `classIds[k]` is the class that k + 1 stands for in the label map. */
export interface Variant extends Preview { classIds: readonly string[] }
type Variation = { task: TaskName; examples: readonly PreviewExample[]; classes: readonly LabelClass[]; options: AugmentOptions; inputSize: number | null };

/**
 * The image as it is (`variant` 0), or one of its variants. `examples[0]` is the image; the others may join it in a mosaic.
 * Classes that none of them shows are left out: a label map has room for 254.
 */
export function variantOf({ examples, classes, options, inputSize }: Variation, seed: number, variant: number): Variant {
  const input = previewInput(examples[0]!.full ?? examples[0]!, inputSize);
  const ids = new Set(examples.flatMap(({ labels }) => labels.map((label) => ('classId' in label ? label.classId : ''))));
  const shown = classes.filter(({ id }) => ids.has(id));
  const preview = previewAugmentation(examples, {
    input, options: variant === 0 ? noAugmentation : previewOptions(options, input, inputSize), seed: seed * 100 + variant,
    classes: shown.map(({ id, name, skeleton }) => ({ id, name, ...(skeleton && { points: skeleton.points.map((p) => p.name), swaps: skeleton.pairs }) })),
  });
  return { ...preview, classIds: shown.map(({ id }) => id) };
}

/** Images of the project that show the class, done ones if there are any. */
export async function imagesWith(project: string, classId: string, signal: AbortSignal): Promise<Item[]> {
  const list = async (status?: 'done') => (await api.items({ params: { project }, query: { classId, limit: 100, ...(status && { status }) } }, { signal })).items;
  const done = await list('done');
  return done.length > 0 ? done : list();
}

/** Decodes the picture of an item at a size for previews, and fetches its labels. */
export async function loadExample(item: Item, task: TaskName, classes: readonly LabelClass[], signal: AbortSignal): Promise<PreviewExample> {
  const [picture, { annotations }] = await Promise.all([
    picturePixels(assetUrl(item.project, item.asset, 'display'), item),
    api.itemDocuments({ params: { id: item.id } }, { signal }).then(({ team }) => api.documentOne({ params: { id: team.id } }, { signal })),
  ]);
  return { pixels: picture.data, width: picture.width, height: picture.height, full: { width: item.width, height: item.height }, labels: taskLabels(task, annotations, classes) };
}

async function picturePixels(address: string, full: Size): Promise<ImageData> {
  const image = new Image();
  image.src = address;
  await image.decode().catch(() => {
    throw new Error('The browser could not read the image.');
  });
  const scale = Math.min(1, KEPT / Math.max(full.width, full.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(full.width * scale));
  canvas.height = Math.max(1, Math.round(full.height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
