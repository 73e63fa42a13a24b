export { MediaError, DEFAULT_MAX_PIXELS, type MediaFault } from './bytes';
export * from './sniff';
export { exifOrientation, tiffInfo, type TiffInfo } from './tiff';
export { decodeBmp, type RgbaImage } from './bmp';
export { decodePnm, pnmTo8Bit, type PnmImage } from './pnm';
export * from './png';
