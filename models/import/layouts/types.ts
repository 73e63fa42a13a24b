/**
 * Output layouts: how the numbers that other people's networks give are read as labels. One file a layout and one entry in
 * the registry.
 */
import { type z } from 'zod';
import { type Size } from '../../data/letterbox';
import { type DecodeOptions, type PredictedLabel, type View } from '../../tasks/types';
import { type AboutLayout } from './about';

/** An output with the shape that it had on a trial run, batch first. */
export interface OutputPort {
  name: string;
  shape: readonly number[];
}

/** What is known of a model beside its outputs. */
export interface Hints {
  inputSize: Size;
  /** As the file has them: Ultralytics' exporters write `task`, `names`, `kpt_shape` … */
  metadata: Readonly<Record<string, string>>;
}

export interface Recognised<Head = unknown> {
  head: Head;
  /** Names of the outputs that are read, in the order of the layout. */
  outputs: string[];
  /** How many classes the outputs tell apart. */
  classes: number;
  /** Points of a skeleton, for pose models. */
  points?: number;
}

export interface OutputLayout<Head = unknown> extends AboutLayout {
  readonly headSchema: z.ZodType<Head>;
  readonly defaults: { decode: DecodeOptions };
  /** How outputs of these shapes would be read, or null where they cannot be of this layout. */
  recognise(outputs: readonly OutputPort[], hints: Hints): Recognised<Head> | null;
  /** Labels in full-image pixels, clipped to the image, sorted by falling score. */
  decode(views: readonly View<Head>[], options: DecodeOptions): PredictedLabel[];
}

/** Cells of a detector's output maps at strides 8, 16 and 32. */
export const gridCells = ({ width, height }: Size): number =>
  [8, 16, 32].reduce((sum, stride) => sum + Math.ceil(width / stride) * Math.ceil(height / stride), 0);
