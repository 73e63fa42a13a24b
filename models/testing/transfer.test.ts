import { describe, expect, it } from 'vitest';
import { testDataFolder } from './bccd';
import { bccdCrops, orlFaces, type Lessons } from './transfer';

const [orl, bccd] = [testDataFolder('faces/orl'), testDataFolder('detection/bccd')];
if (!orl || !bccd) console.log('orl or bccd is not on this machine (set FIELDMARK_TEST_DATA): what is drawn of it is not tested.');

const ids = ({ train, test }: Lessons) => [...train, ...test].map(({ id }) => id);
function perClass(examples: Lessons['train']): number[] {
  const counts = new Map<string, number>();
  for (const { labels: [label] } of examples) if (label?.kind === 'class') counts.set(label.classId, (counts.get(label.classId) ?? 0) + 1);
  return [...counts.values()];
}

describe.skipIf(!orl)('faces', () => {
  it('are as many of each person, none of them on both sides, the same for a seed', async () => {
    const draw = (seed: number) => orlFaces(orl!, 10, { train: 2, test: 5, seed });
    const lessons = await draw(1);
    expect([perClass(lessons.train), perClass(lessons.test)]).toEqual([Array(10).fill(2), Array(10).fill(5)]);
    expect(new Set(ids(lessons)).size).toBe(70);
    expect(ids(await draw(1))).toEqual(ids(lessons));
    expect(ids(await draw(2))).not.toEqual(ids(lessons));
    await expect(orlFaces(orl!, 41, { train: 2, test: 5, seed: 1 })).rejects.toThrow('41 people');
  });
});

describe.skipIf(!bccd)('crops of blood cells', () => {
  it('are of the three classes alike, of the size they say', async () => {
    const lessons = await bccdCrops(bccd!, 50, { testPerClass: 20, seed: 1 });
    expect([perClass(lessons.train), perClass(lessons.test)]).toEqual([[17, 17, 16], [20, 20, 20]]);
    const { image, width, height } = lessons.train[0]!;
    const pixels = 'load' in image ? await image.load() : null;
    expect(pixels).toMatchObject({ width, height, channels: 3 });
    expect((pixels as { data: Uint8Array }).data).toHaveLength(width * height * 3);
  });
});
