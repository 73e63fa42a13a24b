import type { Editor } from '../editor';
import { BoxTool } from './BoxTool/BoxTool';
import { BrushTool } from './BrushTool/BrushTool';
import { LandmarksTool } from './LandmarksTool/LandmarksTool';
import { PanTool } from './PanTool/PanTool';
import { SelectTool } from './SelectTool/SelectTool';

export interface Tools {
  select: SelectTool;
  box: BoxTool;
  landmarks: LandmarksTool;
  brush: BrushTool;
  eraser: BrushTool;
  pan: PanTool;
}

/** All tools of an editor. A new tool is a folder, and a line here. */
export function createTools(editor: Editor): Tools {
  return {
    select: new SelectTool(editor), box: new BoxTool(editor), landmarks: new LandmarksTool(editor),
    brush: new BrushTool(editor, 'brush'), eraser: new BrushTool(editor, 'eraser'), pan: new PanTool(editor),
  };
}
