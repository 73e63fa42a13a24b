import { existsSync, readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldmarkIn } from '../testing/run';

const data = path.join(process.env['FIELDMARK_TEST_DATA'] ?? path.resolve(import.meta.dirname, '../../../../shared/data'), 'metrics');
const present = existsSync(data);
if (!present) console.log('fieldmark eval: skipped against published figures, no data at FIELDMARK_TEST_DATA');
const expected = (folder: string) => JSON.parse(readFileSync(path.join(data, folder, 'expected.json'), 'utf8'));

let folder: string;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'fieldmark-eval-'));
});
afterAll(() => fs.rm(folder, { recursive: true, force: true }));
const write = async (name: string, value: unknown) => {
  await fs.writeFile(path.join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
  return name;
};
const evaluate = async (gt: string, dt: string, ...more: string[]) => {
  const result = await fieldmarkIn(folder, ['eval', '--gt', gt, '--dt', dt, '--json', ...more]);
  return { ...result, json: result.json as unknown as Record<string, never> | null };
};
function close(actual: readonly (number | null)[], wanted: readonly number[]) {
  expect(actual).toHaveLength(wanted.length);
  actual.forEach((v, i) => expect(Math.abs((v ?? -1) - wanted[i]!), `figure ${i}: ${v} against ${wanted[i]}`).toBeLessThan(1e-9));
}

describe.skipIf(!present)('published figures, to 1e-9', () => {
  it.each([['bbox', 'instances_val2014_fakebbox100_results.json'], ['segm', 'instances_val2014_fakesegm100_results.json']] as const)('%s', async (type, results) => {
    const { code, json } = await evaluate(path.join(data, 'coco_val2014_100/instances_val2014_100.json'), path.join(data, 'coco_val2014_100', results), '--type', type, '--curves');
    expect(code).toBe(0);
    const { published, recomputed_with_pycocotools: reference } = expected('coco_val2014_100');
    close(json!['stats']!, published[type]);
    close([json!['AP']!, json!['mAP50']!], [published[type][0], published[type][1]]);
    close(json!['precision50']!, reference[type].mean_precision_at_101_recalls_iou50);
    const categories = json!['perCategory']! as { id: number; AP: number | null; AP50: number | null; precision50: number[] | null }[];
    for (const [id, { AP, AP50 }] of Object.entries(reference[type].per_category as Record<string, { AP: number; AP50: number }>)) {
      const mine = categories.find((c) => c.id === Number(id))!;
      close([mine.AP, mine.AP50], [AP, AP50]);
    }
    expect(categories.filter((c) => c.AP !== null).every((c) => c.precision50!.length === 101)).toBe(true);
    const { labels, counts } = json!['confusion']! as { labels: string[]; counts: number[][] };
    expect([labels.length, counts.length, labels.at(-1)]).toEqual([81, 81, 'background']);
  });
  it('keypoints', async () => {
    const { json } = await evaluate(path.join(data, 'keypoints_small/gt_dataset.json'), path.join(data, 'keypoints_small/dt_dataset.json'), '--type', 'keypoints');
    close(json!['stats']!, expected('keypoints_small').published);
  });
});

describe('files', () => {
  const gt = (annotations: unknown[]) => ({ images: [{ id: 1, file_name: 'a.jpg', width: 10, height: 10 }, { id: 2, file_name: 'b.jpg', width: 10, height: 10 }], categories: [{ id: 3, name: 'cat' }], annotations });
  const truth = { id: 1, image_id: 1, category_id: 3, bbox: [0, 0, 4, 4], area: 16 };
  it('finds images by name, counts categories that the truth does not have, and speaks to people', async () => {
    await write('gt.json', gt([truth]));
    await write('dt.json', [{ image_id: 'a.jpg', category_id: 3, bbox: [0, 0, 4, 4], score: 0.9 }, { image_id: 2, category_id: 99, bbox: [0, 0, 4, 4], score: 0.8 }]);
    const { code, json } = await evaluate('gt.json', 'dt.json');
    expect([code, json!['AP'], json!['unknownCategory'], (json!['confusion'] as unknown as { counts: number[][] }).counts]).toEqual([0, expect.closeTo(1, 12), 1, [[1, 0], [0, 0]]]);
    const spoken = await fieldmarkIn(folder, ['eval', '--gt', 'gt.json', '--dt', 'dt.json']);
    expect(spoken.stdout).toContain('2 detections against 1 object on 2 images');
    expect(spoken.stdout).toContain('1 detection of categories that the ground truth does not have was left out.');
    expect(spoken.json).toBeNull();
  });
  it('goes by the name of a category, where a detection has one', async () => {
    const two = { images: [{ id: 1, file_name: 'a.jpg', width: 10, height: 10 }], categories: [{ id: 1, name: 'Dog' }, { id: 2, name: 'cat' }], annotations: [{ ...truth, category_id: 2 }] };
    await write('gt.json', two);
    const box = { image_id: 1, bbox: [0, 0, 4, 4], score: 0.9 };
    // A model that knows cats alone numbers them from 1.
    await write('dt.json', [{ ...box, category_id: 1, category_name: 'Cat' }]);
    expect((await evaluate('gt.json', 'dt.json')).json).toMatchObject({ mAP: expect.closeTo(1, 12), unknownCategory: 0 });
    await write('dt.json', [{ ...box, category_id: 1 }]);
    expect((await evaluate('gt.json', 'dt.json')).json).toMatchObject({ mAP: 0, unknownCategory: 0 });
    await write('dt.json', [{ ...box, category_id: 2, category_name: 'bird' }]);
    expect((await evaluate('gt.json', 'dt.json')).json).toMatchObject({ unknownCategory: 1 });
    // Of categories of one name the number tells.
    await write('gt.json', { ...two, categories: [{ id: 1, name: 'cat' }, { id: 2, name: 'cat' }] });
    await write('dt.json', [{ ...box, category_id: 2, category_name: 'cat' }]);
    expect((await evaluate('gt.json', 'dt.json')).json).toMatchObject({ mAP: expect.closeTo(1, 12) });
  });
  it('finds images by the end of their path, and says when several would do', async () => {
    const images = (...names: string[]) => ({ ...gt([truth]), images: names.map((file_name, i) => ({ id: i + 1, file_name, width: 10, height: 10 })) });
    const found = async (names: string[], image_id: string | number) => {
      await write('gt.json', images(...names));
      await write('dt.json', [{ image_id, category_id: 3, bbox: [0, 0, 4, 4], score: 0.9 }]);
      const { json, stderr } = await evaluate('gt.json', 'dt.json');
      return json!['error'] ? stderr : json!['mAP'];
    };
    for (const [names, id] of [[['a.jpg'], 'photos/test/a.jpg'], [['train/a.jpg', 'test/a.jpg'], 'photos/train/a.jpg'], [['deep/a.jpg'], 'other/a.jpg'], [['a.jpg'], 1], [['a.jpg'], '1']] as const) expect(await found([...names], id), String(id)).toBeCloseTo(1, 12);
    expect(await found(['train/a.jpg', 'test/a.jpg'], 'a.jpg')).toContain('has several images of that name');
    expect(await found(['train/a.jpg'], 'b.jpg')).toContain('which the ground truth does not list');
  });
  it('has the average precisions of Pascal VOC', async () => {
    const far = { ...truth, id: 2, bbox: [5, 5, 4, 4] };
    const dt = (bbox: number[], score: number) => ({ image_id: 1, category_id: 3, bbox, score });
    await write('gt.json', gt([truth, far]));
    // Right, wrong, right: recall 1/2 at precision 1, recall 1 at 2/3.
    await write('dt.json', [dt([0, 0, 4, 4], 0.9), dt([0, 5, 4, 4], 0.8), dt([5, 5, 4, 4], 0.7)]);
    const figures = { voc07: (6 + 5 * (2 / 3)) / 11, voc: (1 + 2 / 3) / 2, coco: (51 + 50 * (2 / 3)) / 101 };
    for (const [metric, mAP] of Object.entries(figures)) expect((await evaluate('gt.json', 'dt.json', '--metric', metric)).json, metric).toMatchObject({ metric, mAP: expect.closeTo(mAP, 9), mAP50: expect.closeTo(mAP, 9) });
    expect((await evaluate('gt.json', 'dt.json', '--metric', 'voc')).json).toMatchObject({ perCategory: [{ id: 3, name: 'cat', AP: expect.closeTo(5 / 6, 9), groundTruth: 2, detections: 3, truePositives: 2, falsePositives: 1 }], confusion: { counts: [[2, 0], [1, 0]] } });
    expect((await fieldmarkIn(folder, ['eval', '--gt', 'gt.json', '--dt', 'dt.json', '--metric', 'voc07'])).stdout).toMatch(/figure +value\nmAP +0\.8485\n/);
    // Edges are continuous: 4 × 4 moved by 4/3 has IoU 1/2, which is enough; a crowd is neither to be found nor wrong to find.
    await write('gt.json', gt([truth, { ...far, iscrowd: 1 }]));
    await write('dt.json', [dt([4 / 3 - 1e-9, 0, 4, 4], 0.9), dt([5, 5, 4, 4], 0.95)]);
    expect((await evaluate('gt.json', 'dt.json', '--metric', 'voc')).json).toMatchObject({ mAP: 1, perCategory: [{ groundTruth: 1, truePositives: 1, falsePositives: 0 }] });
    expect((await evaluate('gt.json', 'dt.json', '--metric', 'voc', '--iou', '0.51')).json).toMatchObject({ mAP: 0, iou: 0.51 });
    for (const more of [['--type', 'segm'], ['--curves']]) expect(await evaluate('gt.json', 'dt.json', '--metric', 'voc', ...more)).toMatchObject({ code: 2 });
  });
  it('leaves out truth without the shape that is compared', async () => {
    await write('gt.json', gt([truth, { ...truth, id: 2, segmentation: [[0, 0, 4, 0, 4, 4]] }]));
    await write('dt.json', []);
    expect((await evaluate('gt.json', 'dt.json', '--type', 'segm')).json).toMatchObject({ withoutShape: 1, AP: 0, APl: null });
  });
  it.each([
    ['gt.json" is not JSON', '{"images":', []],
    ['no "images", "annotations" and "categories"', [], []],
    ['annotation 1 speaks of image 7, which is not listed', gt([{ ...truth, image_id: 7 }]), []],
    ['annotation 1 has the category 8, which is not listed', gt([{ ...truth, category_id: 8 }]), []],
    ['the bbox of annotation 1 is not four numbers', gt([{ ...truth, bbox: [1, 2] }]), []],
    ['dt.json" cannot be evaluated: it is not a list of detections', gt([truth]), {}],
    ['detection 0 speaks of image 9, which the ground truth does not list', gt([truth]), [{ image_id: 9, category_id: 3, bbox: [0, 0, 1, 1], score: 1 }]],
    ['detection 0 has no score', gt([truth]), [{ image_id: 1, category_id: 3, bbox: [0, 0, 1, 1] }]],
    ['detection 0 has no bbox', gt([truth]), [{ image_id: 1, category_id: 3, score: 1 }]],
  ])('refuses with words: %s', async (message, truths, detections) => {
    await write('gt.json', truths);
    await write('dt.json', detections);
    const { code, stderr, json } = await evaluate('gt.json', 'dt.json');
    expect([code, json]).toMatchObject([1, { error: { code: 'invalid' } }]);
    expect(stderr).toContain(message);
  });
  it('ends with 5 when a file is not there, with 2 on a type that is none', async () => {
    await write('gt.json', gt([truth]));
    expect(await evaluate('gt.json', 'none.json')).toMatchObject({ code: 5, json: { error: { code: 'not-found' } } });
    expect((await evaluate('gt.json', 'gt.json', '--type', 'mask')).code).toBe(2);
  });
  it('takes other numbers of keypoints, but not different ones', async () => {
    const kp = (n: number) => Array.from({ length: n * 3 }, (_, i) => (i % 3 === 2 ? 2 : i));
    await write('gt.json', gt([{ ...truth, keypoints: kp(5), num_keypoints: 5 }]));
    await write('dt.json', [{ image_id: 1, category_id: 3, keypoints: kp(5), score: 0.5 }]);
    expect((await evaluate('gt.json', 'dt.json', '--type', 'keypoints')).json).toMatchObject({ AP: expect.closeTo(1, 12) });
    await write('dt.json', [{ image_id: 1, category_id: 3, keypoints: kp(4), score: 0.5 }]);
    expect((await evaluate('gt.json', 'dt.json', '--type', 'keypoints')).stderr).toContain('another number of keypoints');
  });
});
