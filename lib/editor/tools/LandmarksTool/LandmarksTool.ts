import { Signal } from '../../emitter';
import { Tool } from '../Tool';
import { Placing } from './states/Placing';

export interface PlacingProgress {
  /** The instance that is being placed; null before its first point. */
  annotation: string | null;
  classId: string;
  /** The index of the point to place next. */
  next: number;
}

/** Places landmarks one by one, in the order and under the names of the skeleton. */
export class LandmarksTool extends Tool {
  readonly id = 'landmarks';
  /** For the side list; null when another tool is held, or no class of landmarks is picked. */
  readonly progress = new Signal<PlacingProgress | null>(null);

  idle(): Placing {
    return new Placing(this, null);
  }
  /** Goes on with the selected instance when it lacks points, else begins a new one. */
  override activate(): void {
    const single = this.editor.single;
    const lacks = single?.geometry.kind === 'landmarks' && single.geometry.points.some((p) => p.v === 0);
    this.to(new Placing(this, lacks && !this.editor.isLocked(single.id) ? single : null));
  }
  override deactivate(): void {
    super.deactivate();
    this.progress.set(null);
  }

  get placing(): Placing | null {
    return this.current instanceof Placing ? this.current : null;
  }
}
