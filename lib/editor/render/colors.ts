/** Red, green, blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** `#1c7ed6` → [28, 126, 214]; grey for what is no colour. */
export function rgbOf(hex: string): Rgb {
  const n = Number.parseInt(hex.slice(1), 16);
  return /^#[0-9a-f]{6}$/i.test(hex) ? [n >> 16, (n >> 8) & 255, n & 255] : [128, 128, 128];
}

/** Black or white, whichever is read better on this colour (relative luminance of WCAG 2). */
export function inkOn(hex: string): '#000000' | '#ffffff' {
  const [r, g, b] = rgbOf(hex).map((c) => {
    const s = c / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.3 ? '#000000' : '#ffffff';
}

/** A pixel as ImageData has it in a Uint32Array on a little-endian machine, which all that run browsers are. */
export function abgr([r, g, b]: Rgb, alpha: number): number {
  return ((Math.round(alpha * 255) << 24) | (b << 16) | (g << 8) | r) >>> 0;
}
