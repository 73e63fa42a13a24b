import type { Point } from '@/lib/core/geometry';
import { MIN_BRUSH_RADIUS } from '@/lib/core/masks';
import type { Editor } from '../../editor';
import { Tool, type PointerInput } from '../Tool';
import { Idle } from './states/Idle';

/** Paints masks, or erases them. */
export class BrushTool extends Tool {
  readonly id: 'brush' | 'eraser';
  /** Where the last stroke ended: a stroke with shift goes on from there in a straight line. */
  lastEnd: Point | null = null;

  constructor(editor: Editor, id: 'brush' | 'eraser') {
    super(editor);
    this.id = id;
  }
  idle(): Idle {
    return new Idle(this);
  }
  override get cursor(): string {
    return 'none';
  }
  override activate(): void {
    this.lastEnd = null;
    super.activate();
  }

  get radius(): number {
    return Math.max(MIN_BRUSH_RADIUS, this.editor.settings.get().brushRadius);
  }
  /** Alt turns the brush into the eraser and back. */
  modeOf(input: PointerInput): 'paint' | 'erase' {
    return (this.id === 'eraser') !== input.alt ? 'erase' : 'paint';
  }
  showRing(input: PointerInput): void {
    this.editor.mark({ ring: { at: input.image, radius: this.radius, erase: this.modeOf(input) === 'erase' } });
  }
}
