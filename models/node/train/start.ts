/** The weights that a training begins with. */
import { type LayersModel } from '../../runtime/tf';
import { readWeights, writeWeights } from '../../runtime/weights';
import { loadModel } from '../modelFiles';

/**
 * Copies the weights of the stored model in the folder `start` into `model`, where layer, name and shape agree. Returns
 * whether there were any. Throws an Error when the folder holds no model, or one with not a layer in common.
 */
export async function loadStart(model: LayersModel, start: string | undefined, onNote?: (note: string) => void): Promise<boolean> {
  if (start === undefined) return false;
  const stored = await loadModel(start);
  try {
    const given = readWeights(stored.model);
    const own = readWeights(model);
    const fitting = Object.entries(own).filter(([name, { shape }]) => given[name] && String(given[name].shape) === String(shape));
    if (fitting.length === 0) throw new Error(`the model in ${start} has no layer in common with this one: its backbone is ${stored.card.architecture.backbone}`);
    writeWeights(model, Object.fromEntries(fitting.map(([name]) => [name, given[name]!])));
    onNote?.(`${fitting.length} of ${Object.keys(own).length} weights taken over from ${stored.card.architecture.backbone} (${stored.card.task}).`);
    return true;
  } finally {
    stored.model.dispose();
  }
}
