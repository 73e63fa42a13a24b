/** Stored models, ready to predict: one, or several that vote. */
import { Network } from '../../inference/network';
import { type Images, type ImageSource, type LoadOptions, type Prediction, type PredictOptions, type Predictor } from '../../inference/types';
import { type Engine } from '../../runtime/engine';
import { type ModelDesign } from '../../runtime/card';
import { taskOf } from '../../tasks';
import { type Task } from '../../tasks/types';
import { loadModel, type StoredModel } from '../modelFiles';
import { ortEngine } from '../ortEngine';
import { viewImage } from './views';

/** A compiled model with its design. */
export interface Member {
  design: ModelDesign;
  network: Network;
}

/** An image as every member wants to see it. */
type Seen = Awaited<ReturnType<typeof viewImage>>[];

const see = (members: readonly Member[], source: ImageSource, { viewing = 'once' }: PredictOptions): Promise<Seen> =>
  Promise.all(members.map(({ design }) => viewImage(source, design, viewing)));

async function judge(task: Task, members: readonly Member[], seen: Seen, { minScore, nmsIou, limit, signal }: PredictOptions): Promise<Prediction> {
  const views = [];
  for (const [i, { design, network }] of members.entries()) {
    for (const { pixels, frame } of seen[i]!.views) {
      signal?.throwIfAborted();
      views.push({ design, frame, outputs: await network.run(pixels) });
    }
  }
  const { full } = seen[0]!;
  const decode = task.defaults.decode;
  const labels = task.decode(views, { minScore: minScore ?? decode.minScore, nmsIou: nmsIou ?? decode.nmsIou, limit: limit ?? decode.limit });
  return { width: full.width, height: full.height, labels };
}

/** Predictions of the images in order; the next image is decoded while this one is judged. */
async function* predictAll(task: Task, members: readonly Member[], images: Images, options: PredictOptions): AsyncGenerator<Prediction> {
  const iterator = Symbol.asyncIterator in images ? images[Symbol.asyncIterator]() : images[Symbol.iterator]();
  const load = async (): Promise<Seen | null> => {
    const { value, done } = await iterator.next();
    return done ? null : see(members, value, options);
  };
  let next = load();
  for (;;) {
    options.signal?.throwIfAborted();
    const seen = await next;
    if (!seen) return;
    next = load();
    next.catch(() => undefined);
    yield await judge(task, members, seen, options);
  }
}

/** Members that vote as one predictor. It disposes of them. */
export class MemberPredictor implements Predictor {
  constructor(readonly card: Predictor['card'], private readonly task: Task, private readonly members: readonly Member[]) {}

  async predict(images: Images, options: PredictOptions = {}): Promise<Prediction[]> {
    const results: Prediction[] = [];
    let index = 0;
    for await (const prediction of predictAll(this.task, this.members, images, options)) {
      if (options.onImage) await options.onImage(index, prediction);
      else results.push(prediction);
      index++;
    }
    return results;
  }

  async dispose(): Promise<void> {
    for (const { network } of this.members) await network.dispose();
  }
}

async function compile(engine: Engine, { model, card }: StoredModel, threads: number): Promise<Member> {
  try {
    return { design: card, network: await Network.create(engine, model, card, { threads }) };
  } finally {
    model.dispose();
  }
}

/**
 * Loads the model of the folder `dirs`, or several of the same task and classes, whose outputs are averaged.
 * Throws an Error that names the file that is missing or wrong, or says in what the models differ.
 */
export async function loadPredictor(dirs: string | readonly string[], { threads = 1 }: LoadOptions = {}): Promise<Predictor> {
  const folders = typeof dirs === 'string' ? [dirs] : dirs;
  if (folders.length === 0) throw new Error('there is no model to load');
  const members: Member[] = [];
  let first: StoredModel['card'] | undefined;
  try {
    for (const dir of folders) {
      const stored = await loadModel(dir);
      const { card } = stored;
      first ??= card;
      if (card.task !== first.task) throw new Error(`models that vote must have one task: ${folders[0]} is for ${first.task}, ${dir} for ${card.task}`);
      const ids = (of: typeof card) => of.classes.map(({ id }) => id).join(', ');
      if (ids(card) !== ids(first)) throw new Error(`models that vote must have the same classes in the same order: ${folders[0]} has ${ids(first)}, ${dir} has ${ids(card)}`);
      taskOf(card.task).headSchema.parse(card.head);
      members.push(await compile(ortEngine, stored, threads));
    }
  } catch (error) {
    for (const { network } of members) await network.dispose();
    throw error;
  }
  return new MemberPredictor(first!, taskOf(first!.task), members);
}
