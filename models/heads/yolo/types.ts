/** Frames: boxes are centre and size in network input pixels, unless a name says otherwise. */

export interface AnchorShape {
  w: number;
  h: number;
}

/** One output map: the size of its cells in input pixels, and its anchors in input pixels. */
export interface Scale {
  stride: number;
  anchors: readonly AnchorShape[];
}

/** What the head predicts, from fine to coarse. */
export interface YoloLayout {
  inputSize: { width: number; height: number };
  scales: readonly Scale[];
  classes: number;
}

/** How far a box is off: complete IoU, or squared differences of its centre and of the logarithm of its size. */
export const boxLosses = ['ciou', 'squared'] as const;
export type BoxLoss = (typeof boxLosses)[number];

/** An object in the network input: edges in input pixels. */
export interface TargetBox {
  classIndex: number;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export const gridOf = ({ inputSize }: YoloLayout, { stride }: Scale): { rows: number; columns: number } => ({
  rows: inputSize.height / stride,
  columns: inputSize.width / stride,
});
