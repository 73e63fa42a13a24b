/** Carries an augmentation plan out: every tile is cut, scaled, mirrored and coloured by sharp, and pasted. */
import { type Tile } from '../../data/augment';
import { paste, type RgbImage } from '../../data/pixels';
import { rawPipeline, rgb } from './decode';

const isPlain = ({ colour }: Tile): boolean => colour.gain.every((k) => k === 1) && colour.offset.every((d) => d === 0);

async function renderTile(image: RgbImage, tile: Tile): Promise<RgbImage> {
  const { from, to } = tile;
  let pipeline = rawPipeline(image)
    .extract({ left: from.x, top: from.y, width: from.width, height: from.height })
    .resize(to.width, to.height, { fit: 'fill', kernel: 'linear' });
  if (tile.mirrorX) pipeline = pipeline.flop();
  if (tile.mirrorY) pipeline = pipeline.flip();
  if (!isPlain(tile)) pipeline = pipeline.linear(tile.colour.gain, tile.colour.offset);
  return rgb(pipeline);
}

/** Fills `target` with `fill` and draws the tiles over it. `images[i]` belongs to `tiles[i]`. */
export async function renderTiles(target: RgbImage, tiles: readonly Tile[], images: readonly RgbImage[], fill: number): Promise<void> {
  const parts = await Promise.all(tiles.map((tile, i) => renderTile(images[i]!, tile)));
  target.data.fill(fill);
  parts.forEach((part, i) => paste(target, part, tiles[i]!.to.x, tiles[i]!.to.y));
}
