import { Tool } from '../Tool';
import { Idle } from './states/Idle';

/** Selects, moves, resizes, drags points. */
export class SelectTool extends Tool {
  readonly id = 'select';
  idle(): Idle {
    return new Idle(this);
  }
  override get cursor(): string {
    return 'default';
  }
}
