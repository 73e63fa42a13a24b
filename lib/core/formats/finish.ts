/** The last step of reading an item, the same for every format. */
import { clipBox } from '../geometry/box';
import { cropMask, maskFromString, maskToString, masksEqual } from '../masks';
import type { SourceEntry } from '../io';
import { toUpright, type DatasetIssue, type InterchangeAnnotation, type InterchangeItem, type ReadOptions } from './dataset';

/**
 * Turns an item's labels with the image where that is needed, and cuts boxes and masks at the image's edges; what is cut or
 * wholly outside is reported. Landmarks may lie outside. Without `imageInfo` the size that the labels declare is used, and
 * without that nothing is cut.
 */
export async function finishItem(item: InterchangeItem, options: ReadOptions): Promise<InterchangeItem> {
  const info = item.image && options.imageInfo ? await options.imageInfo(item.image) : null;
  const upright = info ? toUpright(item, info) : item.declaredSize ? { ...item, width: item.declaredSize.width, height: item.declaredSize.height } : item;
  const { width, height } = upright;
  if (width === null || height === null) return upright;
  const issues: DatasetIssue[] = [...upright.issues];
  const annotations = upright.annotations.flatMap((a): InterchangeAnnotation[] => {
    const g = a.geometry;
    if (g.kind === 'landmarks') return [a];
    if (g.kind === 'box') {
      if (g.x0 >= 0 && g.y0 >= 0 && g.x1 <= width && g.y1 <= height) return [a];
      const clipped = clipBox(g, { width, height });
      const where = `a "${a.class.name}" box from (${short(g.x0)}, ${short(g.y0)}) to (${short(g.x1)}, ${short(g.y1)}) of "${item.path}"`;
      if (!clipped) {
        issues.push({ severity: 'error', code: 'outside', path: item.path, message: `${capital(where)} lies outside the image of ${width} × ${height} pixels and was not imported.` });
        return [];
      }
      issues.push({ severity: 'warning', code: 'clipped', path: item.path, message: `${capital(where)} reaches outside the image of ${width} × ${height} pixels and was cut at its edges.` });
      return [{ ...a, geometry: { ...g, ...clipped } }];
    }
    const mask = maskFromString(g.mask);
    const inside = cropMask(mask, { x: 0, y: 0, width, height });
    if (masksEqual(mask, inside)) return [a];
    if (inside.width === 0) {
      issues.push({ severity: 'error', code: 'outside', path: item.path, message: `A "${a.class.name}" mask of "${item.path}" lies outside the image and was not imported.` });
      return [];
    }
    issues.push({ severity: 'warning', code: 'clipped', path: item.path, message: `A "${a.class.name}" mask of "${item.path}" reaches outside the image and was cut at its edges.` });
    return [{ ...a, geometry: { ...g, mask: maskToString(inside) } }];
  });
  const ignored = upright.ignored === undefined ? {} : { ignored: maskToString(cropMask(maskFromString(upright.ignored), { x: 0, y: 0, width, height })) };
  return { ...upright, ...ignored, annotations, issues };
}

/** An image that no label file speaks of. */
export function unlabelledItem(image: SourceEntry): InterchangeItem {
  return { path: image.path, image, width: null, height: null, frame: 'oriented', labelled: false, annotations: [], issues: [] };
}

const short = (n: number) => String(Math.round(n * 100) / 100);
const capital = (s: string) => s[0]!.toUpperCase() + s.slice(1);
