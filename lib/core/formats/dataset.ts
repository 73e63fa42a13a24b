/**
 * The model that every format is read into and written from.
 *
 * Reading: an `InterchangeItem` for every image of the source, classes by name. Writing: `ManifestItem`s of a frozen
 * version under its label schema. Coordinates are the product's own in both: continuous pixels, origin upper left.
 */
import type { Size } from '../geometry/box';
import { orientPoint, orientedSize, swapsSides, type Orientation } from '../geometry/orientation';
import type { AnnotationKind, AttributeValue, Geometry, LabelSchema } from '../labels';
import { maskFromBitmap, maskFromString, maskToBitmap, maskToString } from '../masks';
import type { Sink, SinkBody, Source, SourceEntry } from '../io';
import type { ManifestItem } from './manifest';

export type DatasetSplit = 'train' | 'val' | 'test';

/** A class as files name it. Name and kind together are its identity: a file may call a box and a mask the same. */
export interface InterchangeClass {
  name: string;
  kind: AnnotationKind;
  /** The number that the files give it, if any: a hint for order. */
  index?: number;
  color?: string;
  /** Landmarks only: the names of the points in order, with edges and left/right pairs as indices. */
  skeleton?: { points: string[]; edges: [number, number][]; pairs: [number, number][] };
}

export interface InterchangeAnnotation {
  class: { name: string; kind: AnnotationKind };
  geometry: Geometry;
  truncated: boolean;
  occluded: boolean;
  difficult: boolean;
  crowd: boolean;
  /** By name. */
  attributes: Record<string, AttributeValue>;
  /** Annotations of the same item with the same key belong together. */
  group: string | null;
  score: number | null;
}

/** Something a person should know. An error means that data was left out, a warning that it was changed or doubted. */
export interface DatasetIssue {
  severity: 'warning' | 'error';
  /** A short, stable name of the reason: `zero-area`, `no-image`. */
  code: string;
  /** What, where, what to do. */
  message: string;
  /** The file it is about. */
  path?: string;
}

export interface InterchangeItem {
  /** The image, by its path in the source; when the image is missing, the path it should have had. */
  path: string;
  /** Null when labels speak of an image that the source does not hold. */
  image: SourceEntry | null;
  /** Size of the image in the frame the annotations are in; null when nobody told. */
  width: number | null;
  height: number | null;
  /** The size that the label file states, if it states one. */
  declaredSize?: Size;
  /** Whether coordinates are of the stored image or of the upright one (see `toUpright`). */
  frame: 'stored' | 'oriented';
  /** The split that came with the data. */
  split?: DatasetSplit;
  /** Whether a label file speaks of the image. With no annotations that makes it a negative example. */
  labelled: boolean;
  annotations: InterchangeAnnotation[];
  /** Classes of the image as a whole, by name. They say nothing of objects: an image may have them without being `labelled`. */
  imageClasses?: readonly string[];
  /** Pixels that are neither a class nor background, in the text form of `maskToString`; in the frame of the annotations. */
  ignored?: string;
  issues: DatasetIssue[];
}

export interface ImageInfo {
  /** Of the stored pixels, before any turning. */
  width: number;
  height: number;
  orientation: Orientation;
}

export interface ReadOptions {
  /** Size and orientation of an image from its header; null when it is not one. Readers of normalised coordinates need it. */
  imageInfo?: (entry: SourceEntry) => Promise<ImageInfo | null>;
  /** Frame of Pascal VOC boxes: edges as LabelImg writes them, or the devkit's 1-based inclusive pixels. */
  vocFrame?: 'labelimg' | 'devkit';
  signal?: AbortSignal;
}

/** A dataset opened for reading. `items()` may be called again. */
export interface DatasetReading {
  /** Classes that the files declare, in their order; annotations may name further ones. */
  classes: readonly InterchangeClass[];
  /** Classes of whole images, in their order; absent where the format has none. */
  imageClasses?: readonly string[];
  /** What concerns the dataset rather than one image. More may be added until `items()` has ended. */
  issues: DatasetIssue[];
  /** Every image of the source once, in ascending order of path; then what speaks of images that are not there. */
  items(): AsyncIterable<InterchangeItem>;
}

export interface FormatDetection {
  /** 0: cannot be; 1: nothing else. */
  confidence: number;
  /** What was found, for people. */
  reason: string;
}

export interface FormatReader {
  readonly id: string;
  /** Looks at names and at the first bytes of few files; cheap on large sources. */
  detect(source: Source): Promise<FormatDetection>;
  /** @throws DatasetError when the dataset as a whole cannot be read; faults of single files become issues */
  read(source: Source, options?: ReadOptions): Promise<DatasetReading>;
}

/** What a format can hold. Losses are counted from this alone. */
export interface FormatCapabilities {
  kinds: readonly AnnotationKind[];
  flags: readonly ('truncated' | 'occluded' | 'difficult' | 'crowd')[];
  attributes: boolean;
  groups: boolean;
  /** The kinds that may reach outside the image. */
  outside: readonly AnnotationKind[];
  classColors: boolean;
  /** Left/right pairs of skeletons. */
  skeletonPairs: boolean;
  /** Of the objects, only the class is kept, as the class of the image; `kinds` then names those it is taken from. */
  classOnly?: boolean;
  /** Every pixel holds one object: of objects that overlap, one hides the other. */
  flat?: boolean;
}

/** What a format leaves out of a dataset: shown before download. */
export interface DatasetLoss {
  code: string;
  message: string;
  count: number;
}

/** What is written. */
export interface WritableDataset {
  schema: LabelSchema;
  /** For the headers of formats that have one. Nothing that differs from run to run, so that exports repeat byte for byte. */
  info: { name: string; version?: number; description?: string; manifest?: string };
  /** The items in ascending order of path; called again for each pass. */
  items(): AsyncIterable<ManifestItem>;
  /**
   * The image file of an item, upright (without an EXIF orientation), or null when it is not to be had. Absent: labels only.
   * `extension` when it differs from the path's.
   */
  image?: (item: ManifestItem) => Promise<{ body: SinkBody; extension?: string } | null>;
  signal?: AbortSignal;
  /** Called after each item of the pass that writes images or labels. */
  onItem?: (done: number) => void;
}

export interface WriteReport {
  items: number;
  annotations: number;
  files: number;
  losses: DatasetLoss[];
}

export interface FormatWriter {
  readonly id: string;
  write(dataset: WritableDataset, sink: Sink): Promise<WriteReport>;
}

/** A format: one folder of this directory. */
export interface Format {
  readonly id: string;
  readonly name: string;
  /** One sentence for people who choose. */
  readonly notes: string;
  readonly capabilities: FormatCapabilities;
  readonly reader?: FormatReader;
  readonly writer?: FormatWriter;
}

/** A dataset that cannot be read as a whole. The message says what, where, and what to do. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
  constructor(message: string, readonly path?: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** An annotation with nothing but class and geometry. */
export function plainAnnotation(name: string, geometry: Geometry, more: Partial<InterchangeAnnotation> = {}): InterchangeAnnotation {
  return { class: { name, kind: geometry.kind }, geometry, truncated: false, occluded: false, difficult: false, crowd: false, attributes: {}, group: null, score: null, ...more };
}

/** A geometry of the stored image (of size `stored`) in the upright one. */
export function orientGeometry(geometry: Geometry, stored: Size, orientation: Orientation): Geometry {
  if (orientation === 1) return geometry;
  if (geometry.kind === 'box') {
    const a = orientPoint({ x: geometry.x0, y: geometry.y0 }, stored, orientation);
    const b = orientPoint({ x: geometry.x1, y: geometry.y1 }, stored, orientation);
    return { ...geometry, x0: Math.min(a.x, b.x), y0: Math.min(a.y, b.y), x1: Math.max(a.x, b.x), y1: Math.max(a.y, b.y) };
  }
  if (geometry.kind === 'landmarks') return { ...geometry, points: geometry.points.map((p) => (p.v === 0 ? p : { ...orientPoint(p, stored, orientation), v: p.v })) };
  return { ...geometry, mask: turnMask(geometry.mask, stored, orientation) };
}

/** A mask of the stored image in the upright one; both in text form. */
function turnMask(text: string, stored: Size, orientation: Orientation): string {
  const mask = maskFromString(text);
  if (mask.width === 0) return text;
  const bitmap = maskToBitmap(mask);
  const turned = orientedSize(mask, orientation);
  const out = new Uint8Array(bitmap.length);
  for (let y = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++) {
      if (!bitmap[y * mask.width + x]) continue;
      const to = orientPoint({ x: x + 0.5, y: y + 0.5 }, mask, orientation);
      out[Math.floor(to.y) * turned.width + Math.floor(to.x)] = 1;
    }
  }
  const a = orientPoint({ x: mask.x, y: mask.y }, stored, orientation);
  const b = orientPoint({ x: mask.x + mask.width, y: mask.y + mask.height }, stored, orientation);
  return maskToString(maskFromBitmap(out, turned.width, turned.height, { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y) }));
}

/**
 * The item with its labels in the frame of the upright image. Labels turn with the image when the size that the file declares
 * is the stored one and not the upright one; where both are alike, the frame that the reader states decides. What was done,
 * and a declared size that fits neither, is added to the item's issues.
 */
export function toUpright(item: InterchangeItem, info: ImageInfo): InterchangeItem {
  const stored = { width: info.width, height: info.height };
  const upright = orientedSize(stored, info.orientation);
  const declared = item.declaredSize;
  const same = (a: Size, b: Size) => a.width === b.width && a.height === b.height;
  let turn = item.frame === 'stored';
  const issues = [...item.issues];
  if (declared) {
    if (swapsSides(info.orientation) && !same(stored, upright)) turn = same(declared, stored) ? true : same(declared, upright) ? false : turn;
    if (!same(declared, stored) && !same(declared, upright)) {
      issues.push({ severity: 'warning', code: 'size-differs', path: item.path, message: `The labels of "${item.path}" were made for ${declared.width} × ${declared.height} pixels, but the image has ${upright.width} × ${upright.height}. They were taken as they are: check that they fit.` });
    }
  }
  const result = { ...item, width: upright.width, height: upright.height, frame: 'oriented' as const, issues };
  if (!turn || info.orientation === 1) return result;
  if (item.annotations.length > 0 || item.ignored !== undefined) issues.push({ severity: 'warning', code: 'turned', path: item.path, message: `The labels of "${item.path}" were made on the stored, unturned pixels; they were turned with the image (EXIF orientation ${info.orientation}).` });
  const ignored = item.ignored === undefined ? {} : { ignored: turnMask(item.ignored, stored, info.orientation) };
  return { ...result, ...ignored, annotations: item.annotations.map((a) => ({ ...a, geometry: orientGeometry(a.geometry, stored, info.orientation) })) };
}
