import { emptyMask, maskFromString, maskToString, strokeMask, union, type Mask } from '@/lib/core/masks';
import type { LabelClass } from '@/lib/core/labels';
import { applyOperation } from '@/lib/core/ops';
import { EditorDocument, stateOf } from '@/lib/editor/document';
import { newFields } from '@/lib/editor/edits';
import { newId } from '@/lib/editor/ids';
import { rememberMask } from '@/lib/editor/maskCache';
import { paintChanges } from '@/lib/editor/paint';
import { changedRect, paintTile, TILE, tilesOf } from '@/lib/editor/render/tiles';
import { defineBench } from '../define';

const IMAGE = { width: 4096, height: 4096 };
const cls: LabelClass = { id: '00000000-0000-7000-8000-000000000001', index: 0, name: 'Tissue', color: '#1c7ed6', kind: 'mask', description: '', attributes: [] };
const style = { fill: 0x80d67e1c, border: 0xffd67e1c };

/** A large, ragged mask: a walk of a wide brush over the whole image. */
function tissue(): Mask {
  let mask = emptyMask();
  for (let i = 0; i < 200; i++) {
    const at = (k: number) => ({ x: 2048 + Math.cos(k * 0.7) * (300 + k * 7), y: 2048 + Math.sin(k * 0.7) * (300 + k * 7) });
    mask = union(mask, strokeMask([at(i), at(i + 1)], 60, IMAGE));
  }
  return mask;
}

/** What a moving brush costs on a mask that fills a 4k image. A frame at 60 per second has 16.7 ms. */
export default defineBench({
  name: 'editor/masks',
  async run(ctx) {
    const mask = tissue();
    const dab = strokeMask([{ x: 2000, y: 2000 }, { x: 2040, y: 2015 }], 40, IMAGE);
    const painted = union(mask, strokeMask([{ x: 60, y: 60 }, { x: 90, y: 90 }], 40, IMAGE));
    const words = new Uint32Array(TILE * TILE);
    const tiles = tilesOf(mask);
    const move = await ctx.time(() => union(mask, strokeMask([{ x: 2000, y: 2000 }, { x: 2040, y: 2015 }], 40, IMAGE)), { runs: 50 });
    const stale = await ctx.time(() => {
      for (const { column, row } of tilesOf(changedRect(mask, painted))) paintTile(painted, column, row, style, words);
    }, { runs: 50 });
    const all = await ctx.time(() => {
      for (const { column, row } of tiles) paintTile(mask, column, row, style, words);
    });
    const geometry = rememberMask({ kind: 'mask', v: 1, mask: maskToString(mask) }, mask);
    const a = { ...newFields(cls, geometry), id: newId(), rev: 1 };
    const document = new EditorDocument(stateOf([a]));
    const end = await ctx.time(() => {
      const { changes } = paintChanges(document, { mode: 'erase', mask: dab, target: a, cls, noOverlap: false }, () => false, { decision: () => undefined, threshold: 0 });
      applyOperation(stateOf([a]), { id: newId(), v: 1, type: 'erase', document: cls.id, base: 0, changes, tool: 'eraser', at: new Date(0).toISOString(), activeMs: 0, undoes: null, batch: null });
    });
    const read = await ctx.time(() => maskFromString(geometry.mask));
    ctx.log(`a mask of ${mask.runs.length} runs, ${(geometry.mask.length / 1000).toFixed(0)} kB as text, ${tiles.length} tiles`);
    return [
      { metric: 'a move of the brush over a 4k mask', value: move.median, unit: 'ms', reference: 16.7 },
      { metric: 'tiles made anew for that move', value: stale.median, unit: 'ms', reference: 16.7 },
      { metric: `all ${tiles.length} tiles of a 4k mask`, value: all.median, unit: 'ms' },
      { metric: 'end of a stroke: the operation, applied', value: end.median, unit: 'ms' },
      { metric: 'read a 4k mask', value: read.median, unit: 'ms' },
    ];
  },
});
