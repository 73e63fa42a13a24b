import { Tool } from '../Tool';
import { Idle } from './states/Idle';

/** Draws boxes: press and drag, or click two corners. */
export class BoxTool extends Tool {
  readonly id = 'box';
  idle(): Idle {
    return new Idle(this);
  }
}
