import { Readable } from 'node:stream';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addItems, boxClass, schemaOf, startApi, type Person, type TestApi } from '@/lib/server/http/testing/api';
import { objectStore } from '@/lib/server/storage';

let api: TestApi;
let labeler: Person;
let project: string;
let item: string;
let model: string;
const cell = boxClass('cell');

beforeAll(async () => {
  api = await startApi();
  labeler = await api.person('labeler');
});
afterAll(() => api.stop());
beforeEach(async () => {
  project = (await api.owner.api.createProject({ body: { name: uuidv7(), schema: schemaOf(cell) } })).id;
  [item] = (await addItems(api.db, project, ['a.png'])) as [string];
  model = await addModel(project);
});

async function addModel(projectId: string): Promise<string> {
  const id = uuidv7();
  const taken = await api.db.modelVersion.count({ where: { projectId } });
  await api.db.modelVersion.create({ data: { id, projectId, number: taken + 1, name: `Model ${taken + 1}`, task: 'detect', card: {}, metrics: {}, options: {}, objectPrefix: `models/${id}/`, bytes: 1n, parameters: 1, trainedSeconds: 1 } });
  return id;
}
const box = (x0: number, score: number, classId = cell.id) => ({ classId, score, geometry: { kind: 'box' as const, v: 1 as const, x0, y0: 2, x1: x0 + 5, y1: 8 } });
const suggest = (proposals: ReturnType<typeof box>[], over: { model?: string; item?: string } = {}) =>
  labeler.api.suggest({ params: { id: over.item ?? item }, body: { model: over.model ?? model, backend: 'wasm', proposals } });
const ofModel = async () => {
  const { others } = await labeler.api.itemDocuments({ params: { id: item } });
  return labeler.api.documentOne({ params: { id: others.find((d) => d.author.id === model)!.id } });
};

describe('what a browser computed', () => {
  it('becomes the model’s document, with who asked and on what it ran in the log', async () => {
    expect(await suggest([box(1, 0.9), box(12, 0.4), box(3, 0.8, uuidv7())])).toEqual({ proposed: 2, vanishedClass: 1 });
    const { document, annotations } = await ofModel();
    expect(annotations.map((a) => [a.geometry, a.score])).toEqual([[box(1, 0.9).geometry, 0.9], [box(12, 0.4).geometry, 0.4]]);
    const { operations } = await labeler.api.log({ params: { id: document.id }, query: {} });
    expect(operations.map((o) => [o.by.id, o.operation.tool, o.operation.batch])).toEqual([[labeler.id, 'browser:wasm', null]]);
  });

  it('again is the same proposals; what was decided about stays, and what is no longer proposed goes', async () => {
    await suggest([box(1, 0.9), box(12, 0.4)]);
    const [first] = (await ofModel()).annotations;
    expect(await suggest([box(1, 0.9), box(20, 0.7)])).toEqual({ proposed: 2, vanishedClass: 0 });
    const { annotations } = await ofModel();
    expect(annotations.map((a) => a.geometry)).toEqual([box(1, 0.9).geometry, box(20, 0.7).geometry]);
    expect(annotations[0]!.id).toBe(first!.id);
  });

  it('is refused where it does not belong', async () => {
    await expect(suggest([box(1, 0.9)], { model: uuidv7() })).rejects.toMatchObject({ code: 'not-found' });
    const other = (await api.owner.api.createProject({ body: { name: uuidv7(), schema: schemaOf(cell) } })).id;
    await expect(suggest([box(1, 0.9)], { model: await addModel(other) })).rejects.toMatchObject({ code: 'invalid' });
    await expect(suggest([box(10_000, 0.9)])).rejects.toMatchObject({ code: 'unprocessable' });
    await labeler.api.setStatus({ params: { id: item }, body: { status: 'done' } });
    await expect(suggest([box(1, 0.9)])).rejects.toThrow('This item is done');
    await labeler.api.setStatus({ params: { id: item }, body: { status: 'work' } });
    await api.db.modelVersion.update({ where: { id: model }, data: { deletedAt: new Date() } });
    await expect(suggest([box(1, 0.9)])).rejects.toThrow('is in the trash');
    const viewer = await api.person('viewer');
    await expect(viewer.api.suggest({ params: { id: item }, body: { model, backend: 'wasm', proposals: [] } })).rejects.toMatchObject({ code: 'forbidden' });
  });
});

it('who labels reads the files that a browser runs, and no others', async () => {
  const bytes = Buffer.from('{"format":"fieldmark-model"}');
  await objectStore().put(`models/${model}/card.json`, Readable.from(bytes), { size: bytes.length, contentType: 'application/json' });
  const response = await labeler.api.runModelFile({ params: { id: model, file: 'card.json' } });
  expect(await response.text()).toBe(bytes.toString());
  await expect(labeler.api.runModelFile({ params: { id: model, file: 'model.onnx' as never } })).rejects.toMatchObject({ code: 'invalid' });
  await expect(labeler.api.modelFile({ params: { id: model, file: 'card.json' } })).rejects.toMatchObject({ code: 'forbidden' });
});
