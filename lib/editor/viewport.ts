/**
 * Where the image lies on the screen. Screen coordinates are CSS pixels from the canvas's upper-left corner; image
 * coordinates are continuous pixels of the full-resolution image. screen = image · scale + (x, y).
 *
 * A viewport is an immutable value; the functions here make new ones.
 */
import type { Point, Size } from '@/lib/core/geometry';
import type { Bounds } from '@/lib/core/labels';

export interface Viewport {
  /** CSS pixels an image pixel takes. */
  readonly scale: number;
  /** Where the image's upper-left corner lies on the screen. */
  readonly x: number;
  readonly y: number;
}

export const MAX_SCALE = 64;
/** The image can be made this much smaller than it fits. */
const SHRINK = 0.5;
/** So much of the image, in CSS pixels, always stays in sight. */
const KEEP_IN_SIGHT = 48;
const PADDING = 24;

export function toScreen(v: Viewport, p: Point): Point {
  return { x: p.x * v.scale + v.x, y: p.y * v.scale + v.y };
}
export function toImage(v: Viewport, p: Point): Point {
  return { x: (p.x - v.x) / v.scale, y: (p.y - v.y) / v.scale };
}

/** The scale at which the image just fits, with some air. */
export function fitScale(image: Size, screen: Size): number {
  const width = Math.max(1, screen.width - 2 * PADDING);
  const height = Math.max(1, screen.height - 2 * PADDING);
  return Math.min(width / image.width, height / image.height, MAX_SCALE);
}

export function fit(image: Size, screen: Size): Viewport {
  return centred(image, screen, fitScale(image, screen));
}

/** The middle of the image in the middle of the screen, at this scale. */
export function centred(image: Size, screen: Size, scale: number): Viewport {
  return { scale, x: (screen.width - image.width * scale) / 2, y: (screen.height - image.height * scale) / 2 };
}

/** A place of the image in the middle of the screen, as large as fits, but not beyond `maxScale`. */
export function fitBounds(b: Bounds, image: Size, screen: Size, maxScale = 8): Viewport {
  const width = Math.max(1, b.x1 - b.x0);
  const height = Math.max(1, b.y1 - b.y0);
  // Twice the place's own size around it: what something is shows in what is near it.
  const scale = limitScale(Math.min((screen.width - 2 * PADDING) / (width * 2), (screen.height - 2 * PADDING) / (height * 2), maxScale), image, screen);
  return limit({ scale, x: screen.width / 2 - ((b.x0 + b.x1) / 2) * scale, y: screen.height / 2 - ((b.y0 + b.y1) / 2) * scale }, image, screen);
}

export function pan(v: Viewport, dx: number, dy: number, image: Size, screen: Size): Viewport {
  return limit({ scale: v.scale, x: v.x + dx, y: v.y + dy }, image, screen);
}

/** Zooms by a factor; the image point under `at` (screen) stays under it, unless limits forbid. */
export function zoom(v: Viewport, at: Point, factor: number, image: Size, screen: Size): Viewport {
  return zoomTo(v, at, v.scale * factor, image, screen);
}

export function zoomTo(v: Viewport, at: Point, scale: number, image: Size, screen: Size): Viewport {
  const next = limitScale(scale, image, screen);
  const p = toImage(v, at);
  return limit({ scale: next, x: at.x - p.x * next, y: at.y - p.y * next }, image, screen);
}

/** The screen was resized: what was in its middle stays there. */
export function resized(v: Viewport, image: Size, before: Size, after: Size): Viewport {
  return limit({ scale: limitScale(v.scale, image, after), x: v.x + (after.width - before.width) / 2, y: v.y + (after.height - before.height) / 2 }, image, after);
}

/** The part of the image plane that the screen shows, in image coordinates; it may reach beyond the image. */
export function visibleBounds(v: Viewport, screen: Size): Bounds {
  const a = toImage(v, { x: 0, y: 0 });
  const b = toImage(v, { x: screen.width, y: screen.height });
  return { x0: a.x, y0: a.y, x1: b.x, y1: b.y };
}

export function minScale(image: Size, screen: Size): number {
  return Math.min(fitScale(image, screen) * SHRINK, 1);
}

function limitScale(scale: number, image: Size, screen: Size): number {
  const wanted = Number.isFinite(scale) ? scale : 1;
  return Math.min(MAX_SCALE, Math.max(minScale(image, screen), wanted));
}

/** Pulls the image back so that a strip of it stays in sight. */
function limit(v: Viewport, image: Size, screen: Size): Viewport {
  const width = image.width * v.scale;
  const height = image.height * v.scale;
  const keepX = Math.min(KEEP_IN_SIGHT, width, screen.width);
  const keepY = Math.min(KEEP_IN_SIGHT, height, screen.height);
  return { scale: v.scale, x: clamp(v.x, keepX - width, screen.width - keepX), y: clamp(v.y, keepY - height, screen.height - keepY) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Whether two views show the same, but for what no screen can tell. */
export function same(a: Viewport, b: Viewport): boolean {
  return Math.abs(a.scale / b.scale - 1) < 1e-6 && Math.abs(a.x - b.x) < 0.01 && Math.abs(a.y - b.y) < 0.01;
}
