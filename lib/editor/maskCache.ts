import type { MaskGeometry } from '@/lib/core/labels';
import { maskFromString, type Mask } from '@/lib/core/masks';

// Geometry is immutable, so a decoded mask is good for as long as its geometry lives.
const decoded = new WeakMap<MaskGeometry, Mask>();

/** The decoded mask of a geometry, decoded once. */
export function maskOf(geometry: MaskGeometry): Mask {
  let mask = decoded.get(geometry);
  if (!mask) decoded.set(geometry, (mask = maskFromString(geometry.mask)));
  return mask;
}

/** Remembers a mask that is already decoded. */
export function rememberMask(geometry: MaskGeometry, mask: Mask): MaskGeometry {
  decoded.set(geometry, mask);
  return geometry;
}
