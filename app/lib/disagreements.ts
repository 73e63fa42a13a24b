import { itemHref } from './assets';
import type { Disagreement } from './queries';

const tenths = (v: number) => Math.round(v * 10) / 10;

/** The labelling page of a disagreement's item, at its place; `kind` keeps the list that it was chosen from. */
export function disagreementHref(project: string, report: string, d: Disagreement, kind: Disagreement['kind'] | null): string {
  const { x0, y0, x1, y1 } = d.box;
  return itemHref(project, d.item, { compare: report, n: d.n, kind, annotation: d.annotationB ?? d.annotationA, x0: tenths(x0), y0: tenths(y0), x1: tenths(x1), y1: tenths(y1) });
}
