/** Carries an augmentation plan out on pixels and label maps. */
import { addNoise, blurImage, colourTable } from './colour';
import { IGNORED } from './labelMap';
import { type RgbImage } from './pixels';
import { type ImagePlan } from './plan';
import { drawImage, drawMap, type ByteMap } from './resample';

/**
 * Fills `target` (of the plan's input size) with `fill` and draws the plan's pieces over it. `images[i]` is the full
 * image of piece i or a reduced copy of it.
 */
export function renderImage(target: RgbImage, plan: ImagePlan, images: readonly RgbImage[], fill: number): void {
  const { pieces, noise, blur, key } = plan;
  target.data.fill(fill);
  const covered = noise > 0 || blur > 0 ? new Uint8Array(target.width * target.height) : undefined;
  pieces.forEach(({ full, window, warp, colour }, i) => drawImage(target, window, images[i]!, full, warp, colourTable(colour), covered));
  if (!covered) return;
  if (blur > 0) {
    blurImage(target, blur);
    for (let i = 0; i < covered.length; i++) if (covered[i] === 0) target.data.fill(fill, i * 3, i * 3 + 3);
  }
  addNoise(target, noise, key, covered);
}

/** The same for label maps; what no image covers is `IGNORED`. */
export function renderMap(target: ByteMap, { pieces }: ImagePlan, maps: readonly ByteMap[]): void {
  target.data.fill(IGNORED);
  pieces.forEach(({ full, window, warp }, i) => drawMap(target, window, maps[i]!, full, warp));
}
