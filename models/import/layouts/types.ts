/**
 * Output layouts: how the numbers that other people's networks give are read as labels. One file a layout here, beside one with its
 * settings in `../settings`, and an entry in both registries.
 */
import { type DecodeOptions, type PredictedLabel, type View } from '../../tasks/types';
import { type LayoutSettings } from '../settings';

export interface OutputLayout<Head = unknown> extends LayoutSettings<Head> {
  readonly defaults: { decode: DecodeOptions };
  /** Labels in full-image pixels, clipped to the image, sorted by falling score. */
  decode(views: readonly View<Head>[], options: DecodeOptions): PredictedLabel[];
}
