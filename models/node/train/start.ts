/** The weights that a training begins with. */
import { blockOf, type Backbone } from '../../backbones';
import { type LayersModel } from '../../runtime/tf';
import { parseModelCard, type Normalisation } from '../../runtime/card';
import { loadInitialWeights, ModelSourceError, openModelSource } from '../pretrained';

/** Begins with freshly drawn weights, also where trained ones come with the backbone. */
export const FROM_SCRATCH = 'scratch';

/**
 * How the weights that training begins with expect their input, where that is known: from the card beside the model at
 * `start`, else from the backbone's trained weights. Trained on one scale and fed another, a network's first layers are of
 * little use.
 */
export async function startNormalisation(
  backbone: Backbone, start: string | undefined, onNote?: (note: string) => void, signal?: AbortSignal,
): Promise<Partial<Pick<Normalisation, 'mean' | 'deviation'>>> {
  const { trained } = backbone;
  const usual = trained ? { mean: [...trained.mean], deviation: [...trained.deviation] } : {};
  if (start === undefined || start === FROM_SCRATCH) return usual;
  const { read } = await openModelSource(start, signal);
  try {
    const { mean, deviation } = parseModelCard(JSON.parse(new TextDecoder().decode(await read('card.json')))).normalisation;
    return { mean, deviation };
  } catch {
    // Models of others have no card, or one of another kind.
    signal?.throwIfAborted();
    onNote?.(`No card beside ${start} says how its input is prepared; taken is what ${trained ? `the trained weights of ${backbone.title} expect` : 'is usual here'}.`);
    return usual;
  }
}

/**
 * Copies trained weights into `model`: those of `start` (the folder, file or address of a model), else those that come with
 * the backbone. Returns whether there were any. Rejects with a ModelSourceError when they cannot be read or nothing fits.
 */
export async function loadStart(model: LayersModel, backbone: Backbone, start: string | undefined, onNote?: (note: string) => void, signal?: AbortSignal): Promise<boolean> {
  if (start === FROM_SCRATCH || (start === undefined && !backbone.trained)) return false;
  const { copied, missing } = await loadInitialWeights(model, start ?? backbone, signal);
  const ofBackbone = (name: string) => blockOf(backbone, name.slice(0, name.lastIndexOf('/'))) !== null;
  if (!copied.some(ofBackbone)) throw new ModelSourceError(`No weight of ${start} fits the backbone ${backbone.name}. Choose the backbone it was made with.`);
  onNote?.(`Beginning with trained weights of ${start ?? backbone.title}: ${copied.length} of ${copied.length + missing.length} taken over.`);
  return true;
}
