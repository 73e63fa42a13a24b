/** Drawing shapes in CSS pixels. Everything has a dark rim under its colour, so that it shows on light and dark images. */
import type { BoxGeometry, Geometry, LandmarksGeometry, Skeleton } from '@/lib/core/labels';
import type { Viewport } from '../viewport';
import { inkOn } from './colors';
import { colorOf, type SceneItem } from './scene';

type Ctx = CanvasRenderingContext2D;

const RIM = 'rgba(0, 0, 0, 0.4)';
const LIGHT_RIM = 'rgba(255, 255, 255, 0.85)';
const FONT = '11px system-ui, sans-serif';
/** Boxes narrower than this on the screen carry no label unless they are selected or under the pointer. */
const LABEL_FROM = 26;
/** With more in view than this, only what is selected or under the pointer is labelled. */
const LABELS_UP_TO = 400;

export interface ShapeStyle {
  width: number;
  dash: readonly number[];
  /** Under the colour; a light one makes dashes stand out. */
  rim?: string;
}
function styleOf(item: Pick<SceneItem, 'kind' | 'selected' | 'hovered' | 'mark'>): ShapeStyle {
  const width = item.selected ? 3 : item.hovered ? 2.75 : 2;
  if (item.kind === 'proposal') return { width, dash: [7, 5], rim: LIGHT_RIM };
  if (item.kind === 'reference') return { width: 2.5, dash: item.mark === 'B' ? [3, 4] : [12, 4, 3, 4], rim: LIGHT_RIM };
  return { width, dash: [] };
}

/** Strokes the current path: first its rim, then its colour. */
function strokeTwice(ctx: Ctx, color: string, { width, dash, rim = RIM }: ShapeStyle): void {
  ctx.setLineDash([]);
  ctx.lineWidth = width + 1.5;
  ctx.strokeStyle = rim;
  ctx.stroke();
  ctx.setLineDash(dash as number[]);
  ctx.lineWidth = width;
  ctx.strokeStyle = color;
  ctx.stroke();
  ctx.setLineDash([]);
}

function addBox(ctx: Ctx, g: BoxGeometry, v: Viewport): void {
  ctx.rect(g.x0 * v.scale + v.x, g.y0 * v.scale + v.y, (g.x1 - g.x0) * v.scale, (g.y1 - g.y0) * v.scale);
}

/** Boxes and landmarks in their order. Ordinary boxes of one class are one path: a thousand cost two strokes a class. */
export function drawShapes(ctx: Ctx, items: readonly SceneItem[], v: Viewport): void {
  ctx.lineJoin = 'round';
  const plain = new Map<string, BoxGeometry[]>();
  const rest: SceneItem[] = [];
  for (const item of items) {
    if (item.geometry.kind === 'box' && item.kind === 'annotation' && !item.selected && !item.hovered) {
      const color = colorOf(item.cls);
      const group = plain.get(color);
      if (group) group.push(item.geometry);
      else plain.set(color, [item.geometry]);
    } else rest.push(item);
  }
  for (const [color, boxes] of plain) {
    ctx.beginPath();
    for (const g of boxes) addBox(ctx, g, v);
    strokeTwice(ctx, color, { width: 2, dash: [] });
  }
  for (const item of rest) drawShape(ctx, item.geometry, colorOf(item.cls), item.cls?.skeleton ?? null, styleOf(item), v, item.selected || item.hovered);
}

export function drawShape(ctx: Ctx, g: Geometry, color: string, skeleton: Skeleton | null, style: ShapeStyle, v: Viewport, strong: boolean): void {
  if (g.kind === 'box') {
    ctx.beginPath();
    addBox(ctx, g, v);
    if (strong) {
      ctx.save();
      ctx.globalAlpha = 0.12;
      ctx.fillStyle = color;
      ctx.fill();
      ctx.restore();
    }
    strokeTwice(ctx, color, style);
  } else if (g.kind === 'landmarks') drawLandmarks(ctx, g, color, skeleton, style, v, strong);
}

function drawLandmarks(ctx: Ctx, g: LandmarksGeometry, color: string, skeleton: Skeleton | null, style: ShapeStyle, v: Viewport, strong: boolean): void {
  const at = (i: number) => {
    const p = g.points[i];
    return p && p.v > 0 ? { x: p.x * v.scale + v.x, y: p.y * v.scale + v.y, v: p.v } : null;
  };
  ctx.beginPath();
  for (const [a, b] of skeleton?.edges ?? []) {
    const from = at(a);
    const to = at(b);
    if (!from || !to) continue;
    ctx.moveTo(from.x, from.y);
    ctx.lineTo(to.x, to.y);
  }
  strokeTwice(ctx, color, style);
  const radius = strong ? 5 : 3.5;
  g.points.forEach((_, i) => {
    const p = at(i);
    if (!p) return;
    ctx.beginPath();
    ctx.arc(p.x, p.y, radius, 0, Math.PI * 2);
    // Visible points are full, hidden ones are rings.
    ctx.fillStyle = p.v === 2 ? color : 'rgba(0, 0, 0, 0.35)';
    ctx.fill();
    strokeTwice(ctx, p.v === 2 ? '#ffffff' : color, { width: p.v === 2 ? 1 : 1.75, dash: [] });
  });
  if (!strong || !skeleton) return;
  ctx.font = FONT;
  ctx.textBaseline = 'middle';
  skeleton.points.forEach(({ name }, i) => {
    const p = at(i);
    if (p) drawText(ctx, name, p.x + radius + 4, p.y);
  });
}

/** White words with a dark rim. */
export function drawText(ctx: Ctx, text: string, x: number, y: number): void {
  ctx.lineWidth = 3;
  ctx.lineJoin = 'round';
  ctx.strokeStyle = 'rgba(0, 0, 0, 0.75)';
  ctx.strokeText(text, x, y);
  ctx.fillStyle = '#ffffff';
  ctx.fillText(text, x, y);
}

/** A class's name, score and flags on a plate of its colour above the upper-left corner. */
export function drawTag(ctx: Ctx, text: string, color: string, x: number, y: number): void {
  ctx.font = FONT;
  const width = Math.ceil(ctx.measureText(text).width) + 8;
  const top = Math.max(0, y - 15);
  ctx.globalAlpha = 0.9;
  ctx.fillStyle = color;
  ctx.fillRect(x - 1, top, width, 14);
  ctx.globalAlpha = 1;
  ctx.fillStyle = inkOn(color);
  ctx.textBaseline = 'middle';
  ctx.fillText(text, x + 3, top + 7.5);
}

/** Names of what can be seen; where there is much, only of what is selected or under the pointer. */
export function drawTags(ctx: Ctx, items: readonly SceneItem[], v: Viewport, labels: 'all' | 'selected' | 'none', boundsOf: (g: Geometry) => { x0: number; y0: number; x1: number; y1: number }): void {
  const many = items.length > LABELS_UP_TO;
  for (const item of items) {
    const strong = item.selected || item.hovered;
    if (!strong && (labels !== 'all' || many) && item.kind === 'annotation') continue;
    if (!strong && (labels === 'none' || many)) continue;
    const b = boundsOf(item.geometry);
    if (!strong && (b.x1 - b.x0) * v.scale < LABEL_FROM) continue;
    const text = [item.mark, item.cls?.name ?? 'class removed', item.note].filter(Boolean).join(' ');
    drawTag(ctx, text, colorOf(item.cls), b.x0 * v.scale + v.x, b.y0 * v.scale + v.y - (item.geometry.kind === 'landmarks' ? 9 : 0));
  }
}

/** Squares to hold a box by; their size does not change with the zoom. */
export function drawHandles(ctx: Ctx, points: readonly { x: number; y: number }[], color: string): void {
  for (const { x, y } of points) {
    ctx.fillStyle = '#ffffff';
    ctx.fillRect(x - 4, y - 4, 8, 8);
    ctx.lineWidth = 1.5;
    ctx.strokeStyle = color;
    ctx.strokeRect(x - 4, y - 4, 8, 8);
  }
}
