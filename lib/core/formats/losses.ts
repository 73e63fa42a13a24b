/** What a format cannot hold of a dataset, counted before anything is written. */
import type { LabelSchema } from '../labels';
import { geometryBounds } from '../labels';
import { intersectionArea, maskFromString, rectsOverlap } from '../masks';
import type { DatasetLoss, Format, FormatCapabilities } from './dataset';
import type { ManifestItem } from './manifest';

const kindNames = { box: 'boxes', mask: 'masks', landmarks: 'landmarks' } as const;

/**
 * Counts, in a fixed order of codes, what a format with these capabilities leaves out of the items. Codes: `kind-box`,
 * `kind-mask`, `kind-landmarks`, `flag-truncated`…, `attributes`, `groups`, `outside`, `track`, `shape`, `no-class`,
 * `several-classes`, `overlap`.
 */
export async function countLosses(format: Pick<Format, 'name' | 'capabilities'>, schema: LabelSchema, items: AsyncIterable<ManifestItem>): Promise<DatasetLoss[]> {
  const counter = new LossCounter(format, schema);
  for await (const item of items) counter.add(item);
  return counter.losses();
}

export class LossCounter {
  private readonly counts = new Map<string, number>();
  private readonly can: FormatCapabilities;
  constructor(private readonly format: Pick<Format, 'name' | 'capabilities'>, private readonly schema: LabelSchema) {
    this.can = format.capabilities;
  }

  private count(code: string, n = 1): void {
    if (n > 0) this.counts.set(code, (this.counts.get(code) ?? 0) + n);
  }

  add(item: ManifestItem): void {
    if (this.can.classOnly) {
      const classes = new Set(item.annotations.map((a) => a.classId)).size;
      if (classes !== 1) this.count(classes === 0 ? 'no-class' : 'several-classes');
      this.count('shape', item.annotations.length);
      return;
    }
    if (this.can.flat) this.count('overlap', hiddenMasks(item));
    for (const a of item.annotations) {
      if (!this.can.kinds.includes(a.geometry.kind)) {
        this.count(`kind-${a.geometry.kind}`);
        continue;
      }
      for (const flag of ['truncated', 'occluded', 'difficult', 'crowd'] as const) if (a[flag] && !this.can.flags.includes(flag)) this.count(`flag-${flag}`);
      if (!this.can.attributes && Object.values(a.attributes).some((v) => v !== null)) this.count('attributes');
      if (!this.can.groups && a.group !== null) this.count('groups');
      if (a.track !== null) this.count('track');
      if (!this.can.outside.includes(a.geometry.kind)) {
        const b = geometryBounds(a.geometry);
        if (b.x0 < 0 || b.y0 < 0 || b.x1 > item.width || b.y1 > item.height) this.count('outside');
      }
    }
  }

  losses(): DatasetLoss[] {
    const { name } = this.format;
    if (this.can.classOnly) return this.classLosses();
    const messages: [code: string, message: string][] = [
      ...(['box', 'mask', 'landmarks'] as const).map((kind): [string, string] => [`kind-${kind}`, `${name} holds no ${kindNames[kind]}: these annotations are left out.`]),
      ...(['truncated', 'occluded', 'difficult', 'crowd'] as const).map((flag): [string, string] => [`flag-${flag}`, `${name} has no place for "${flag}": the mark is left out.`]),
      ['attributes', `${name} has no attributes: the values of these annotations are left out.`],
      ['groups', `${name} has no groups: that these annotations belong together is left out.`],
      ['track', `${name} has no tracks here: the track of these annotations is left out.`],
      ['overlap', `${name} has one object a pixel: these masks lie partly under others, and lose what is hidden.`],
      ['outside', `${name} takes no such shapes outside the image: these annotations are cut at its edges, and left out when nothing of them is inside.`],
    ];
    const losses = messages.flatMap(([code, message]) => (this.counts.has(code) ? [{ code, message, count: this.counts.get(code)! }] : []));
    const pairs = this.schema.classes.filter((c) => (c.skeleton?.pairs.length ?? 0) > 0).length;
    if (pairs > 0 && this.can.kinds.includes('landmarks') && !this.can.skeletonPairs) losses.push({ code: 'skeleton-pairs', message: `${name} does not say which points are left/right partners.`, count: pairs });
    return losses;
  }

  private classLosses(): DatasetLoss[] {
    const { name } = this.format;
    const messages: [code: string, message: string][] = [
      ['shape', `${name} keeps the class of an image only: where these objects are, and all else about them, is left out.`],
      ['no-class', `${name} has no place for images without an object: these images are left out.`],
      ['several-classes', `${name} takes one class an image: these images have objects of several, and are left out.`],
    ];
    return messages.flatMap(([code, message]) => (this.counts.has(code) ? [{ code, message, count: this.counts.get(code)! }] : []));
  }
}

/** How many masks of an item share a pixel with a later one. */
function hiddenMasks(item: ManifestItem): number {
  const masks = item.annotations.flatMap((a) => (a.geometry.kind === 'mask' ? [maskFromString(a.geometry.mask)] : []));
  return masks.filter((m, i) => masks.some((other, j) => j > i && rectsOverlap(m, other) && intersectionArea(m, other) > 0)).length;
}
