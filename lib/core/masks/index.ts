export {
  MAX_MASK_BOX, MAX_MASK_OFFSET, MAX_MASK_SIDE, MaskError, emptyMask, isEmptyMask, maskArea, maskBounds, masksEqual, rectMask, rectsOverlap, translateMask, unionRect,
  type Mask, type PixelRect,
} from './mask';
export * from './boolean';
export * from './codec';
export * from './bitmap';
export * from './paint';
export * from './stroke';
export * from './polygon';
export { compressCounts, decompressCounts, fromCocoRle, toCocoCounts, toCocoRle, type CocoRle } from './coco';
export * from './rows';
export * from './contours';
export * from './components';
