/** Stored models, ready to predict: one, or several that vote. */
import path from 'node:path';
import { ballotOf } from '@/lib/core/labels';
import { graphProgram } from '../../inference/graphNetwork';
import { Network } from '../../inference/network';
import { readingOf, wanted, type Reading } from '../../inference/reading';
import { type Images, type ImageSource, type LoadOptions, type Prediction, type PredictOptions, type Predictor } from '../../inference/types';
import { type ModelCard, type ModelDesign } from '../../runtime/card';
import { loadOnnxNetwork } from '../import/onnxNetwork';
import { loadCard, loadModel } from '../modelFiles';
import { engineFor } from '../engines';
import { readGraph } from '../pretrained/read';
import { isTwoStage, TwoStagePredictor } from './twoStage';
import { predictInOrder } from './predictInOrder';
import { viewImage } from './views';

/** A compiled model with its design. */
export interface Member {
  design: ModelDesign;
  network: Network;
}

export { readingOf };

/** An image as every member wants to see it. */
type Seen = Awaited<ReturnType<typeof viewImage>>[];

const see = (members: readonly Member[], source: ImageSource, { viewing = 'once' }: PredictOptions): Promise<Seen> =>
  Promise.all(members.map(({ design }) => viewImage(source, design, viewing)));

async function judge(reading: Reading, members: readonly Member[], seen: Seen, { minScore, nmsIou, limit, signal }: PredictOptions): Promise<Prediction> {
  const views = [];
  for (const [i, { design, network }] of members.entries()) {
    for (const { pixels, frame } of seen[i]!.views) {
      signal?.throwIfAborted();
      views.push({ design, frame, outputs: await network.run(pixels) });
    }
  }
  const { full } = seen[0]!;
  const decode = reading.defaults.decode;
  const labels = reading.decode(views, { minScore: minScore ?? decode.minScore, nmsIou: nmsIou ?? decode.nmsIou, limit: limit ?? decode.limit });
  return { width: full.width, height: full.height, labels: wanted(labels, members[0]!.design) };
}

/** Members that vote as one predictor. It disposes of them. */
export class MemberPredictor implements Predictor {
  constructor(readonly card: Predictor['card'], private readonly reading: Reading, private readonly members: readonly Member[]) {}

  predict(images: Images, options: PredictOptions = {}): Promise<Prediction[]> {
    return predictInOrder(images, options, (source) => see(this.members, source, options), (seen) => judge(this.reading, this.members, seen, options));
  }

  async dispose(): Promise<void> {
    for (const { network } of this.members) await network.dispose();
  }
}

/** The network of a folder, in whatever form it is stored. */
export async function openNetwork(dir: string, card: ModelCard, threads: number): Promise<Network> {
  const { network } = card;
  if (network?.runtime === 'onnx') return loadOnnxNetwork(path.join(dir, 'model.onnx'), { ...card, network }, { threads });
  if (network?.runtime === 'graph') return Network.compile(await engineFor(), graphProgram(await readGraph(dir), card, network), card, { threads });
  const { model } = await loadModel(dir);
  try {
    return await Network.create(await engineFor(), model, card, { threads });
  } finally {
    model.dispose();
  }
}

const formOf = (card: ModelCard): string =>
  `${card.network ? `read as ${card.architecture.head}` : `a model for ${card.task} that was trained here`}${ballotOf(card)?.endsWith('/no background') ? ', without a background' : ''}`;

/**
 * Loads the model of the folder `dirs`, or several of the same task and classes, whose outputs are averaged.
 * Throws an Error that names the file that is missing or wrong, or says in what the models differ.
 */
export async function loadPredictor(dirs: string | readonly string[], { threads = 1 }: LoadOptions = {}): Promise<Predictor> {
  const folders = typeof dirs === 'string' ? [dirs] : dirs;
  if (folders.length === 0) throw new Error('there is no model to load');
  const members: Member[] = [];
  let first: ModelCard | undefined;
  try {
    for (const dir of folders) {
      const card = await loadCard(dir);
      if (isTwoStage(card)) {
        if (folders.length > 1) throw new Error(`${dir} looks twice at each object and cannot vote with other models`);
        return await TwoStagePredictor.load(await readGraph(dir), card, threads);
      }
      first ??= card;
      if (card.task !== first.task) throw new Error(`models that vote must have one task: ${folders[0]} is for ${first.task}, ${dir} for ${card.task}`);
      if (ballotOf(card) !== ballotOf(first)) throw new Error(`models that vote must give their outputs in one form: ${folders[0]} is ${formOf(first)}, ${dir} is ${formOf(card)}`);
      const ids = (of: typeof card) => of.classes.map(({ id }) => id).join(', ');
      if (ids(card) !== ids(first)) throw new Error(`models that vote must have the same classes in the same order: ${folders[0]} has ${ids(first)}, ${dir} has ${ids(card)}`);
      readingOf(card).headSchema.parse(card.head);
      members.push({ design: card, network: await openNetwork(dir, card, threads) });
    }
  } catch (error) {
    for (const { network } of members) await network.dispose();
    throw error;
  }
  return new MemberPredictor(first!, readingOf(first!), members);
}
