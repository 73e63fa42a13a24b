import RBush from 'rbush';
import { geometryBounds, type Annotation, type Bounds, type Geometry } from '@/lib/core/labels';
import { maskOf } from './maskCache';

interface Entry {
  minX: number;
  minY: number;
  maxX: number;
  maxY: number;
  id: string;
}

/** Bounds of a geometry without decoding a mask twice. */
export function boundsOf(geometry: Geometry): Bounds {
  if (geometry.kind !== 'mask') return geometryBounds(geometry);
  const m = maskOf(geometry);
  return { x0: m.x, y0: m.y, x1: m.x + m.width, y1: m.y + m.height };
}

/** Which annotations lie in a rectangle of the image: an R-tree over their bounds. */
export class SpatialIndex {
  private readonly tree = new RBush<Entry>(9);
  private readonly entries = new Map<string, Entry>();

  /** Starts over with these annotations; much faster than setting them one by one. */
  load(annotations: Iterable<Annotation>): void {
    this.tree.clear();
    this.entries.clear();
    for (const a of annotations) this.entries.set(a.id, entryOf(a));
    this.tree.load([...this.entries.values()]);
  }

  set(annotation: Annotation): void {
    this.remove(annotation.id);
    const entry = entryOf(annotation);
    this.entries.set(annotation.id, entry);
    this.tree.insert(entry);
  }

  remove(id: string): void {
    const entry = this.entries.get(id);
    if (!entry) return;
    this.tree.remove(entry);
    this.entries.delete(id);
  }

  /** Ids of the annotations whose bounds touch the rectangle, in no particular order. */
  search(b: Bounds): string[] {
    return this.tree.search({ minX: b.x0, minY: b.y0, maxX: b.x1, maxY: b.y1 }).map((e) => e.id);
  }

  bounds(id: string): Bounds | null {
    const e = this.entries.get(id);
    return e ? { x0: e.minX, y0: e.minY, x1: e.maxX, y1: e.maxY } : null;
  }

  get size(): number {
    return this.entries.size;
  }
}

function entryOf(a: Annotation): Entry {
  const b = boundsOf(a.geometry);
  return { minX: b.x0, minY: b.y0, maxX: b.x1, maxY: b.y1, id: a.id };
}
