/** The weights that a training begins with. */
import { blockOf, type Backbone } from '../../backbones';
import { type LayersModel } from '../../runtime/tf';
import { loadInitialWeights, ModelSourceError } from '../pretrained';

/** Begins with freshly drawn weights, also where trained ones come with the backbone. */
export const FROM_SCRATCH = 'scratch';

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
