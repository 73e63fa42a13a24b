import { testDataFolder } from '@/models/testing/bccd';
import { bccdCrops, orlFaces, trainClassifier, type Lessons } from '@/models/testing/transfer';
import { defineBench, type Row } from '../define';

/** A network with trained weights, and how much of it learns; the last begins with none. */
const depths = [
  ['frozen, the head alone', { depth: 'head' }],
  ['the last third too', { depth: 'partial' }],
  ['all of it', { depth: 'full' }],
  ['from scratch', { start: 'scratch' }],
] as const;
const BACKBONE = 'mobilenet3-coco';
/** The same for each, so that what is compared is what a person gets for the time: 32 runs in about a quarter of an hour. */
const SECONDS = 25;
const SEED = 1;

/** As many photographs of each person, and five others to ask about; the number of people grows where ten are too few to learn from more. */
const faces = (folder: string) => ([[10, 2], [10, 5], [20, 5], [40, 5]] as const).map(([people, train]) => () => orlFaces(folder, people, { train, test: 5, seed: SEED }));
const crops = (folder: string) => [20, 50, 100, 200].map((images) => () => bccdCrops(folder, images, { testPerClass: 60, seed: SEED }));

export default defineBench({
  name: 'learning/transfer',
  async run(ctx) {
    const [orl, bccd] = [testDataFolder('faces/orl'), testDataFolder('detection/bccd')];
    if (!orl) ctx.log('orl is not on this machine: set FIELDMARK_TEST_DATA.');
    if (!bccd) ctx.log('bccd is not on this machine: set FIELDMARK_TEST_DATA.');
    const sets: (() => Promise<Lessons>)[] = [...(orl ? faces(orl) : []), ...(bccd ? crops(bccd) : [])];
    const rows: Row[] = [];
    for (const make of sets) {
      const lessons = await make();
      for (const [title, how] of depths) {
        const { top1, seconds, steps } = await trainClassifier(lessons, { ...how, backbone: BACKBONE, minutes: SECONDS / 60, seed: SEED, threads: 2 });
        const row: Row = { metric: `${lessons.title}: ${title}, ${steps} steps in ${seconds.toFixed(0)} s`, value: 100 * top1, unit: '% top-1' };
        ctx.log(`${row.metric}: ${row.value.toFixed(1)} %`);
        rows.push(row);
      }
    }
    return rows;
  },
});
