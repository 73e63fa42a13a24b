import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { boxFromXywh } from '../geometry/box';
import { fromCocoRle, polygonMask, type CocoRle } from '../masks';
import { cocoEvaluate, type CocoDetection, type CocoEvaluation, type CocoGroundTruth, type CocoImage } from '.';

const root = path.join(process.env['FIELDMARK_TEST_DATA'] ?? path.resolve(import.meta.dirname, '../../../../shared/data'), 'metrics');
const present = existsSync(root);
if (!present) console.log('metrics/coco: skipped against published figures, no data at FIELDMARK_TEST_DATA');
const read = (name: string) => JSON.parse(readFileSync(path.join(root, name), 'utf8'));

interface Annotation { id: number; image_id: number; category_id: number; bbox: [number, number, number, number]; area: number; iscrowd: number; score: number; keypoints?: number[] }
const keypoints = (flat: number[]) => Array.from({ length: flat.length / 3 }, (_, k) => ({ x: flat[3 * k]!, y: flat[3 * k + 1]!, v: flat[3 * k + 2]! }));

/** Images of COCO files: ground truth with ids and areas as written, detections in the order of their file. */
function imagesOf(truth: { images: { id: number }[]; annotations: Annotation[] }, results: Annotation[]): CocoImage[] {
  const images = new Map(truth.images.map((i) => [i.id, { id: i.id, groundTruth: [] as CocoGroundTruth[], detections: [] as CocoDetection[] }]));
  for (const a of truth.annotations)
    images.get(a.image_id)!.groundTruth.push({ id: a.id, classId: a.category_id, box: boxFromXywh(...a.bbox), area: a.area, crowd: a.iscrowd === 1, keypoints: a.keypoints && keypoints(a.keypoints) });
  results.forEach((r, i) => {
    images.get(r.image_id)?.detections.push({ id: i + 1, classId: r.category_id, score: r.score, box: boxFromXywh(...r.bbox), area: r.bbox[2] * r.bbox[3], keypoints: r.keypoints && keypoints(r.keypoints) });
  });
  return [...images.values()];
}

const twelve = (e: CocoEvaluation) => [e.ap, e.ap50, e.ap75, e.apByArea['small'], e.apByArea['medium'], e.apByArea['large'], e.arByMaxDets[1], e.arByMaxDets[10], e.arByMaxDets[100], e.arByArea['small'], e.arByArea['medium'], e.arByArea['large']];

function expectClose(actual: (number | null | undefined)[], expected: number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((v, i) => expect(Math.abs((v ?? -1) - expected[i]!), `figure ${i}: ${v} against ${expected[i]}`).toBeLessThan(1e-9));
}

describe.skipIf(!present)('COCO figures on 100 images of val2014', () => {
  const load = () => {
    const truth = read('coco_val2014_100/instances_val2014_100.json');
    return { expected: read('coco_val2014_100/expected.json'), images: imagesOf(truth, read('coco_val2014_100/instances_val2014_fakebbox100_results.json')) };
  };

  it('boxes: the twelve published numbers, and each category', () => {
    const { expected, images } = load();
    const result = cocoEvaluate(images, { iouType: 'bbox', keepMatches: true });
    expectClose(twelve(result), expected.published.bbox);
    const perCategory = expected.recomputed_with_pycocotools.bbox.per_category as Record<string, { AP: number; AP50: number }>;
    for (const [id, { AP, AP50 }] of Object.entries(perCategory)) {
      const mine = result.perClass.find((c) => c.classId === Number(id));
      expectClose([mine?.ap, mine?.ap50], [AP, AP50]);
    }
    expect(result.perClass.filter((c) => c.ap !== null)).toHaveLength(Object.values(perCategory).filter((c) => c.AP >= 0).length);
  });

  it('boxes: mean precision over recall at IoU 0.5, and the twelve numbers without regard to class', () => {
    const { expected, images } = load();
    const e = cocoEvaluate(images);
    const curves = e.perClass.filter((c) => c.ap !== null).map((c) => c.curves[0]!.precision);
    expectClose(e.recallPoints.map((_, r) => curves.reduce((sum, c) => sum + c[r]!, 0) / curves.length), expected.recomputed_with_pycocotools.bbox.mean_precision_at_101_recalls_iou50);
    const byClass = (a: { classId: unknown }, b: { classId: unknown }) => Number(a.classId) - Number(b.classId);
    const agnostic = images.map(({ id, groundTruth, detections }) => ({
      id,
      groundTruth: [...groundTruth].sort(byClass).map((g) => ({ ...g, classId: 0 })),
      detections: [...detections].sort(byClass).map((d) => ({ ...d, classId: 0 })),
    }));
    expectClose(twelve(cocoEvaluate(agnostic)), expected.recomputed_with_pycocotools.bbox_class_agnostic_useCats0);
  });

  it('masks: the twelve published numbers, and each category', () => {
    const { expected } = load();
    const truth = read('coco_val2014_100/instances_val2014_100.json') as { images: { id: number; width: number; height: number }[]; annotations: (Annotation & { segmentation: number[][] | CocoRle })[] };
    const results = read('coco_val2014_100/instances_val2014_fakesegm100_results.json') as { image_id: number; category_id: number; score: number; segmentation: CocoRle }[];
    const images = new Map(truth.images.map((i) => [i.id, { id: i.id, size: i, groundTruth: [] as CocoGroundTruth[], detections: [] as CocoDetection[] }]));
    for (const a of truth.annotations) {
      const image = images.get(a.image_id)!;
      const mask = Array.isArray(a.segmentation)
        ? polygonMask(a.segmentation.map((flat) => Array.from({ length: flat.length / 2 }, (_, i) => ({ x: flat[2 * i]!, y: flat[2 * i + 1]! }))), image.size)
        : fromCocoRle(a.segmentation);
      image.groundTruth.push({ id: a.id, classId: a.category_id, mask, area: a.area, crowd: a.iscrowd === 1 });
    }
    for (const r of results) images.get(r.image_id)!.detections.push({ classId: r.category_id, score: r.score, mask: fromCocoRle(r.segmentation) });
    const result = cocoEvaluate(images.values(), { iouType: 'segm' });
    expectClose(twelve(result), expected.published.segm);
    const curves = result.perClass.filter((c) => c.ap !== null).map((c) => c.curves[0]!.precision);
    expectClose(result.recallPoints.map((_, r) => curves.reduce((sum, c) => sum + c[r]!, 0) / curves.length), expected.recomputed_with_pycocotools.segm.mean_precision_at_101_recalls_iou50);
    for (const [id, { AP, AP50 }] of Object.entries(expected.recomputed_with_pycocotools.segm.per_category as Record<string, { AP: number; AP50: number }>)) {
      const mine = result.perClass.find((c) => c.classId === Number(id));
      expectClose([mine?.ap, mine?.ap50], [AP, AP50]);
    }
  });

  it('boxes: which detection matched which true object at IoU 0.5', () => {
    const { images } = load();
    const { matches } = cocoEvaluate(images, { iouType: 'bbox', keepMatches: true });
    const reference = read('coco_val2014_100/matches_bbox_iou50.json') as { image_id: number; category_id: number; dtIds: number[]; dtMatches: number[]; gtIds: number[] }[];
    expect(reference.length).toBeGreaterThan(100);
    for (const r of reference) {
      const mine = matches.find((m) => m.imageId === r.image_id && m.classId === r.category_id)!;
      expect(mine.detectionIds).toEqual(r.dtIds);
      expect([...mine.matches[0]!].map((j) => (j < 0 ? 0 : mine.groundTruthIds[j]))).toEqual(r.dtMatches);
      expect([...mine.groundTruthIds].sort()).toEqual([...r.gtIds].sort());
    }
  });
});

describe.skipIf(!present)('OKS figures on the small keypoint set', () => {
  it('the ten published numbers', () => {
    const expected = read('keypoints_small/expected.json');
    const images = imagesOf(read('keypoints_small/gt_dataset.json'), read('keypoints_small/dt_dataset.json'));
    const e = cocoEvaluate(images, { iouType: 'keypoints' });
    expectClose([e.ap, e.ap50, e.ap75, e.apByArea['medium'], e.apByArea['large'], e.arByMaxDets[20], e.ar50, e.ar75, e.arByArea['medium'], e.arByArea['large']], expected.published);
  });
});
