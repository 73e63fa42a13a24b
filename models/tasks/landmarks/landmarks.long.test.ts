import { describe, expect, it } from 'vitest';
import { trainAndMeasure } from '../../testing/bar';
import { testDataFolder } from '../../testing/bccd';
import { FACE68, facesSplit } from '../../testing/faces68';

const folder = testDataFolder('landmarks/udacity_faces68');
if (!folder) console.log('udacity_faces68 is not on this machine (set FIELDMARK_TEST_DATA): its training bar is skipped.');

describe.skipIf(!folder)('a landmark model of faces', () => {
  it('is within 0.08 of the distance between the eyes, in the mean, after 20 minutes on two cores', async () => {
    const [all, test] = await Promise.all([facesSplit(folder!, 'training'), facesSplit(folder!, 'test')]);
    expect([all.length, test.length]).toEqual([3462, 770]);
    const held = (i: number) => i % 20 === 0;
    const { metrics, minutes } = await trainAndMeasure({
      name: 'faces', train: all.filter((_, i) => !held(i)), val: all.filter((_, i) => held(i)), test, classes: [FACE68], options: { task: 'landmarks', minutes: 20, threads: 2 },
    });
    expect(minutes).toBeLessThan(20);
    expect(metrics.values.nme).toBeLessThanOrEqual(0.08);
  });
});
