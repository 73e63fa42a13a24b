/** What a model says of images, as files: COCO results, or one entry an image. */
import { geometryBounds } from '@/lib/core/labels';
import { maskToString, toCocoRle } from '@/lib/core/masks';
import type { ModelDesign, PredictedLabel, Prediction } from '@/models/node';

export interface PredictedImage extends Prediction {
  /** As given, or relative to the folder given. */
  file: string;
}

/** Ids of images and categories of a ground truth, which results are to refer to. */
export interface TruthIds {
  image(file: string): string | number;
  /** Null where the truth has no such class. */
  category(name: string): number | null;
}

/**
 * The entries of COCO's results format of one image: `bbox` [x, y, width, height], `segmentation` as run lengths, `keypoints` as
 * triples, and `category_name`, which the format does not know and other readers pass over. Without a ground truth `image_id` is the
 * file's name, and `category_id` the place of the class in the model plus 1. Classes that the truth lacks are left out, and told to
 * `onUnknown`. Classes of whole images have no place in this format.
 */
export function cocoEntries({ file, width, height, labels }: PredictedImage, classes: ModelDesign['classes'], truth: TruthIds | null, onUnknown?: (className: string) => void): Record<string, unknown>[] {
  const imageId = truth ? truth.image(file) : file;
  const places = new Map(classes.map((c, i) => [c.id, { id: i + 1, name: c.name }]));
  return labels.flatMap((label) => {
    const cls = places.get(label.classId)!;
    if (label.kind === 'class') return [];
    const categoryId = truth ? truth.category(cls.name) : cls.id;
    if (categoryId === null) {
      onUnknown?.(cls.name);
      return [];
    }
    return [{ image_id: imageId, category_id: categoryId, category_name: cls.name, ...shapeOf(label, { width, height }), score: label.score }];
  });
}

function shapeOf(label: Exclude<PredictedLabel, { kind: 'class' }>, size: { width: number; height: number }): Record<string, unknown> {
  if (label.kind === 'box') return { bbox: [label.x0, label.y0, label.x1 - label.x0, label.y1 - label.y0] };
  if (label.kind === 'mask') return { bbox: [label.mask.x, label.mask.y, label.mask.width, label.mask.height], segmentation: toCocoRle(label.mask, size) };
  const { x0, y0, x1, y1 } = geometryBounds({ kind: 'landmarks', v: 1, points: label.points.map((p) => ({ ...p })) });
  return { bbox: [x0, y0, x1 - x0, y1 - y0], keypoints: label.points.flatMap((p) => [p.x, p.y, p.v]) };
}

/** One image with all that the model says of it, in the product's own frame (continuous pixels of the upright image). */
export function imageEntry({ file, width, height, labels }: PredictedImage, classes: ModelDesign['classes']): Record<string, unknown> {
  const names = new Map(classes.map((c) => [c.id, c.name]));
  return {
    file, width, height,
    labels: labels.map((label) => {
      const base = { class: names.get(label.classId) ?? label.classId, score: label.score };
      if (label.kind === 'class') return base;
      if (label.kind === 'box') return { ...base, box: { x0: label.x0, y0: label.y0, x1: label.x1, y1: label.y1 } };
      if (label.kind === 'mask') return { ...base, mask: maskToString(label.mask), rle: toCocoRle(label.mask, { width, height }) };
      return { ...base, points: label.points };
    }),
  };
}
