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
import { pngWithBoxes } from './testing/pictures';

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

it('what is no model is refused in words', async () => {
  const project = await at.project('Bad', schema);
  const sent = await adopted.uploadModel({ params: { project }, query: { name: 'bad.onnx' }, body: streamOf(new TextEncoder().encode('not a model')) }, at.ctx);
  expect((await at.finished(sent.job, { state: 'failed' })).error).toContain('not an ONNX model');
});
