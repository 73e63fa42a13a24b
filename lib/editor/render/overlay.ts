/** What lies above all: the shape being drawn, handles, the marquee, the pointer's marks. */
import type { BoxGeometry } from '@/lib/core/labels';
import type { Editor } from '../editor';
import { handlesOf } from '../geometry';
import { boundsOf } from '../spatialIndex';
import { gripTarget } from '../tools/shared';
import type { Viewport } from '../viewport';
import { drawHandles, drawShape, drawTag, drawText } from './draw';
import { classOf, colorOf } from './scene';

type Ctx = CanvasRenderingContext2D;

export function drawOverlay(ctx: Ctx, editor: Editor): void {
  const v = editor.viewport.get();
  drawPlace(ctx, editor, v);
  drawGrip(ctx, editor, v);
  drawDraft(ctx, editor, v);
  drawMarquee(ctx, editor, v);
  drawPointer(ctx, editor, v);
}

/** The place that a disagreement is at. */
function drawPlace(ctx: Ctx, editor: Editor, v: Viewport): void {
  const b = editor.place.get();
  if (!b) return;
  const pad = 8;
  const frame = [b.x0 * v.scale + v.x - pad, b.y0 * v.scale + v.y - pad, (b.x1 - b.x0) * v.scale + 2 * pad, (b.y1 - b.y0) * v.scale + 2 * pad] as const;
  ctx.lineWidth = 4;
  ctx.strokeStyle = 'rgba(0, 0, 0, 0.55)';
  ctx.strokeRect(...frame);
  ctx.setLineDash([8, 6]);
  ctx.lineWidth = 2.5;
  ctx.strokeStyle = '#ffd43b';
  ctx.strokeRect(...frame);
  ctx.setLineDash([]);
}

function drawGrip(ctx: Ctx, editor: Editor, v: Viewport): void {
  if ((editor.toolId.get() !== 'select' && !editor.gripping.get()) || editor.settings.get().hideAll) return;
  const grip = gripTarget(editor);
  if (!grip) return;
  const cls = classOf(editor, grip.annotation.classId);
  const geometry = editor.geometryOf(grip.annotation);
  if (geometry.kind === 'box') drawHandles(ctx, handlesOf(geometry).map(({ at }) => ({ x: at.x * v.scale + v.x, y: at.y * v.scale + v.y })), colorOf(cls));
  else if (geometry.kind === 'mask') {
    const b = boundsOf(geometry);
    ctx.setLineDash([4, 4]);
    ctx.lineWidth = 1.5;
    ctx.strokeStyle = '#ffffff';
    ctx.strokeRect(b.x0 * v.scale + v.x - 3, b.y0 * v.scale + v.y - 3, (b.x1 - b.x0) * v.scale + 6, (b.y1 - b.y0) * v.scale + 6);
    ctx.setLineDash([]);
  }
}

function drawDraft(ctx: Ctx, editor: Editor, v: Viewport): void {
  const { draft } = editor.preview.get();
  if (!draft) return;
  const cls = classOf(editor, draft.classId);
  drawShape(ctx, draft.geometry, colorOf(cls), cls?.skeleton ?? null, { width: 2, dash: [] }, v, true);
  if (draft.geometry.kind === 'box') drawSize(ctx, draft.geometry, v, cls?.name ?? '', colorOf(cls));
}

function drawSize(ctx: Ctx, g: BoxGeometry, v: Viewport, name: string, color: string): void {
  drawTag(ctx, `${name} ${fmt(g.x1 - g.x0)} × ${fmt(g.y1 - g.y0)}`, color, g.x0 * v.scale + v.x, g.y0 * v.scale + v.y);
}
const fmt = (n: number) => String(Math.round(n * 10) / 10);

function drawMarquee(ctx: Ctx, editor: Editor, v: Viewport): void {
  const { marquee: m } = editor.preview.get();
  if (!m) return;
  const [x, y, w, h] = [m.x0 * v.scale + v.x, m.y0 * v.scale + v.y, (m.x1 - m.x0) * v.scale, (m.y1 - m.y0) * v.scale];
  ctx.fillStyle = 'rgba(76, 110, 245, 0.12)';
  ctx.fillRect(x, y, w, h);
  ctx.setLineDash([5, 3]);
  ctx.lineWidth = 1;
  ctx.strokeStyle = '#748ffc';
  ctx.strokeRect(x, y, w, h);
  ctx.setLineDash([]);
}

function drawPointer(ctx: Ctx, editor: Editor, v: Viewport): void {
  const { crosshair, ring, label } = editor.pointerMark.get();
  if (crosshair) {
    // On the pixel grid, so that the lines stay thin.
    const x = Math.round(crosshair.x * v.scale + v.x) + 0.5;
    const y = Math.round(crosshair.y * v.scale + v.y) + 0.5;
    for (const [color, dash] of [['rgba(0, 0, 0, 0.55)', []], ['rgba(255, 255, 255, 0.9)', [5, 5]]] as const) {
      ctx.setLineDash(dash as unknown as number[]);
      ctx.lineWidth = 1;
      ctx.strokeStyle = color;
      ctx.beginPath();
      ctx.moveTo(x, 0);
      ctx.lineTo(x, editor.screen.height);
      ctx.moveTo(0, y);
      ctx.lineTo(editor.screen.width, y);
      ctx.stroke();
    }
    ctx.setLineDash([]);
  }
  if (ring) {
    const x = ring.at.x * v.scale + v.x;
    const y = ring.at.y * v.scale + v.y;
    const radius = Math.max(2, ring.radius * v.scale);
    for (const [color, width] of [['rgba(0, 0, 0, 0.7)', 3], ['#ffffff', 1.25]] as const) {
      ctx.beginPath();
      ctx.arc(x, y, radius, 0, Math.PI * 2);
      ctx.lineWidth = width;
      ctx.strokeStyle = color;
      ctx.stroke();
      ctx.beginPath();
      ctx.moveTo(x - 3, y);
      ctx.lineTo(x + 3, y);
      // A plus paints, a minus erases.
      if (!ring.erase) {
        ctx.moveTo(x, y - 3);
        ctx.lineTo(x, y + 3);
      }
      ctx.stroke();
    }
  }
  if (label?.text) {
    ctx.font = '12px system-ui, sans-serif';
    ctx.textBaseline = 'middle';
    const x = label.at.x * v.scale + v.x + 14;
    const width = ctx.measureText(label.text).width;
    drawText(ctx, label.text, x + width > editor.screen.width ? x - width - 28 : x, label.at.y * v.scale + v.y + 14);
  }
}
