/** Which layers belong to which block, and freezing a network up to a block: progressive unfreezing goes from the end. */
import { type LayersModel } from '../runtime/tf';
import { type Backbone } from './types';

/** The block of a layer: the longest one whose name begins the layer's; null for layers of a head. */
export function blockOf(backbone: Pick<Backbone, 'blocks'>, layer: string): string | null {
  const matching = backbone.blocks.filter((block) => layer === block || layer.startsWith(`${block}_`));
  return matching.reduce<string | null>((best, block) => (best === null || block.length > best.length ? block : best), null);
}

/** Leaves the last `trainable` blocks and everything that is of no block (the head) to training, and freezes the rest. */
export function unfreeze(model: LayersModel, backbone: Pick<Backbone, 'blocks'>, trainable: number): void {
  const frozen = new Set(backbone.blocks.slice(0, Math.max(0, backbone.blocks.length - trainable)));
  for (const layer of model.layers) {
    const block = blockOf(backbone, layer.name);
    layer.trainable = block === null || !frozen.has(block);
  }
}
