import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { uuidv7 } from 'uuidv7';
import { classPalette, type LabelSchema } from '@/lib/core/labels';
import * as adopted from '@/lib/server/routes/adoptedModels';
import * as rounds from '@/lib/server/routes/rounds';
import { uploadedModelKey } from '@/lib/server/services/adoptedModels';
import { readDocument } from '@/lib/server/services/documents';
import type { UploadReport } from '@/models/node';
import { yolov8Model } from '@/models/testing/onnxModels';
import { installation, streamOf, type Installation } from './testing/installation';
import { pngWithBoxes, vocXml } from './testing/pictures';

vi.setConfig({ testTimeout: 120_000 });

let at: Installation;
beforeAll(async () => {
  at = await installation();
}, 120_000);
afterAll(async () => {
  await at.close();
});

const [car, red] = [uuidv7(), uuidv7()];
const schema: LabelSchema = {
  classes: [{ id: car, name: 'car' }, { id: red, name: 'red' }].map(({ id, name }, index) => ({ id, index, name, color: classPalette[index]!, hotkey: null, kind: 'box' as const, description: '', skeleton: null, attributes: [] })),
};
const inProject = <B>(project: string, body: B) => ({ params: { project }, query: undefined, body });

it('a network that comes along proposes in the classes of the project', async () => {
  const project = await at.project('Streets', schema);
  await at.importFiles(project, [['a.png', await pngWithBoxes(128, 96, [{ x0: 20, y0: 20, x1: 70, y1: 60, value: 220 }])]]);
  const { job } = await adopted.adoptModel(inProject(project, { name: '', source: { kind: 'builtin' as const, builtin: 'coco-objects' }, mapping: { car } }), at.ctx);
  await at.finished(job);
  const { items: [model] } = await rounds.models({ params: { project }, query: { limit: 5, trash: false }, body: undefined }, at.ctx);
  expect(model).toMatchObject({ name: 'Everyday objects', task: 'detect', current: true, metrics: {} });
  expect(model!.parameters).toBeGreaterThan(1e6);
  const prelabel = await rounds.prelabel(inProject(project, { model: null, scope: { kind: 'open' as const }, minScore: 0.001, nmsIou: 0.5, maxPerImage: 20, viewing: 'once' as const, vote: [] }), at.ctx);
  expect((await at.finished(prelabel.job)).data).toMatchObject({ items: 1, vanishedClass: 0 });

  await expect(adopted.adoptModel(inProject(project, { name: '', source: { kind: 'builtin' as const, builtin: 'coco-objects' }, mapping: { car: null } }), at.ctx)).rejects.toThrow('no class of the model');
});

it('an uploaded model is looked at, tried on an image, and kept', async () => {
  const project = await at.project('Own', schema);
  // The model finds red squares; a grey picture has none from a score of a half up.
  await at.importFiles(project, [['a.png', await pngWithBoxes(64, 64, [{ x0: 8, y0: 8, x1: 40, y1: 40, value: 255 }])]]);
  const item = await at.db.item.findFirstOrThrow({ where: { projectId: project } });
  const sent = await adopted.uploadModel({ params: { project }, query: { name: 'own.onnx' }, body: streamOf(yolov8Model()) }, at.ctx);
  const { report } = (await at.finished(sent.job)).data as unknown as { report: UploadReport };
  const { choices } = report.readings[0]!;
  expect(choices.layout).toBe('yolov8');
  const trial = await adopted.tryModel({ params: { project, upload: sent.upload }, query: undefined, body: { choices, item: item.id, minScore: 0.001 } }, at.ctx);
  const { labels } = (await at.finished(trial.job)).data as unknown as { labels: { geometry: { kind: string } }[] };
  expect(labels.length).toBeGreaterThan(0);
  expect(labels.every(({ geometry }) => geometry.kind === 'box')).toBe(true);

  const { job } = await adopted.adoptModel(inProject(project, { name: 'Mine', source: { kind: 'upload' as const, upload: sent.upload, choices }, mapping: { [choices.classes[0]!.id]: red } }), at.ctx);
  const { model } = (await at.finished(job)).data as { model: string };
  expect(await at.store.stat(uploadedModelKey(project, sent.upload))).toBeNull();
  await at.finished((await rounds.prelabel(inProject(project, { model, scope: { kind: 'open' as const }, minScore: 0.001, nmsIou: 0.5, maxPerImage: 20, viewing: 'once' as const, vote: [] }), at.ctx)).job);
  const document = await at.db.document.findFirstOrThrow({ where: { projectId: project, authorKind: 'model' } });
  const { annotations } = await readDocument(at.db, document.id);
  expect(annotations.length).toBeGreaterThan(0);
  expect(new Set(annotations.map((a) => a.classId))).toEqual(new Set([red]));
});

it('a model from elsewhere is measured on a frozen version, and shows figures, curves and confusion as a trained one does', async () => {
  const project = await at.project('Measured', schema);
  const adopt = await adopted.adoptModel(inProject(project, { name: '', source: { kind: 'builtin' as const, builtin: 'coco-objects' }, mapping: { car, truck: car } }), at.ctx);
  const { model: id } = (await at.finished(adopt.job)).data as { model: string };
  const read = () => rounds.model({ params: { id }, query: undefined, body: undefined }, at.ctx);
  const evaluate = (version: string | null) => rounds.evaluateModel({ params: { id }, query: undefined, body: { version } }, at.ctx);
  expect((await read()).measured).toBeNull();
  await expect(evaluate(null)).rejects.toThrow('no frozen version');

  const files: [string, Uint8Array][] = [];
  for (const [i, split] of ['train', 'val', 'test', 'test'].entries()) {
    files.push([`${split}/${i}.png`, await pngWithBoxes(96, 64, [{ x0: 8 + i, y0: 8, x1: 40 + i, y1: 40, value: 200 }])], [`${split}/${i}.xml`, vocXml(`${i}.png`, [96, 64], [{ name: 'car', box: [8 + i, 8, 40 + i, 40] }, { name: 'red', box: [50, 8, 70, 30] }])]);
  }
  await at.importFiles(project, files, { markDone: true });
  const { id: version, job: freezing } = await rounds.createVersion(inProject(project, { name: '', notes: '' }), at.ctx);
  await at.finished(freezing!);
  expect((await at.finished((await evaluate(null)).job)).data).toMatchObject({ model: id, version, summary: 'Everyday objects, measured on 3 images of version 1' });
  const model = await read();
  expect(model).toMatchObject({ measured: { number: 1, left: 0 }, metrics: { 'val.images': 1, 'test.images': 2 } });
  for (const name of ['val.mAP50', 'test.mAP50', 'test.mAP']) expect(model.metrics[name]).toBeGreaterThanOrEqual(0);
  // Two classes of the network are one of the project; the class it does not propose is not held against it.
  expect(model.perClass).toEqual([expect.objectContaining({ classId: car, name: 'car', values: expect.objectContaining({ groundTruth: 2 }) as unknown })]);
  const { splits } = await rounds.modelEvaluation({ params: { id }, query: undefined, body: undefined }, at.ctx);
  expect(splits.test!.curves![car]!.precision).toHaveLength(101);
  expect(splits.test!.confusion!.classes).toEqual([car, null]);

  const other = await at.project('Elsewhere', schema);
  const foreign = await at.db.datasetVersion.create({ data: { id: uuidv7(), projectId: other, number: 1, state: 'ready', manifest: '0'.repeat(64), manifestKey: 'none' } });
  await expect(evaluate(foreign.id)).rejects.toThrow('another project');
});

it('what is no model is refused in words', async () => {
  const project = await at.project('Bad', schema);
  const sent = await adopted.uploadModel({ params: { project }, query: { name: 'bad.onnx' }, body: streamOf(new TextEncoder().encode('not a model')) }, at.ctx);
  expect((await at.finished(sent.job, { state: 'failed' })).error).toContain('not an ONNX model');
});
