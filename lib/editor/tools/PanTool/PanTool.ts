import { Tool } from '../Tool';
import { Idle } from './states/Idle';

/** Moves the image under the hand. Space or the middle button borrow it while another tool is held. */
export class PanTool extends Tool {
  readonly id = 'pan';
  idle(): Idle {
    return new Idle(this);
  }
  override get cursor(): string {
    return 'grab';
  }
}
