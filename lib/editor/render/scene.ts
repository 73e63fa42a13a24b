/** What is to be drawn: the part of drawing that needs no canvas. */
import type { Annotation, Bounds, Geometry, LabelClass } from '@/lib/core/labels';
import { findClass } from '@/lib/core/labels';
import type { Editor } from '../editor';
import { scoreOf } from '../proposals';
import { boundsOf } from '../spatialIndex';
import { visibleBounds } from '../viewport';

export interface SceneItem {
  id: string;
  geometry: Geometry;
  cls: LabelClass | undefined;
  kind: 'annotation' | 'proposal' | 'reference';
  selected: boolean;
  hovered: boolean;
  /** Flags and the like, in short, for the label. */
  note: string;
  /** `A` or `B` of a comparison. */
  mark: 'A' | 'B' | null;
}

export interface Scene {
  visible: Bounds;
  masks: SceneItem[];
  /** Boxes and landmarks: what is below first, what is selected last. */
  shapes: SceneItem[];
}

const NO_CLASS_COLOR = '#868e96';
export const colorOf = (cls: LabelClass | undefined): string => cls?.color ?? NO_CLASS_COLOR;

/** What of the document, the proposals and the references can be seen. */
export function sceneOf(editor: Editor): Scene {
  const visible = visibleBounds(editor.viewport.get(), editor.screen);
  const scene: Scene = { visible, masks: [], shapes: [] };
  if (editor.settings.get().hideAll) return scene;
  const schema = editor.schema.get();
  const classes = new Map(schema.classes.map((c) => [c.id, c]));
  const preview = editor.preview.get();
  const selection = editor.selection.get();
  const hover = editor.hover.get();
  const hidden = editor.hidden.get();

  const add = (a: Annotation, kind: SceneItem['kind'], selected: boolean, note: string, mark: SceneItem['mark'] = null) => {
    const geometry = preview.geometry.get(a.id) ?? a.geometry;
    const item: SceneItem = { id: a.id, geometry, cls: classes.get(a.classId), kind, selected, hovered: a.id === hover, note, mark };
    (geometry.kind === 'mask' ? scene.masks : scene.shapes).push(item);
  };

  for (const reference of editor.references.get()) {
    if (!reference.visible) continue;
    for (const a of reference.annotations) if (touches(boundsOf(a.geometry), visible)) add(a, 'reference', false, '', reference.mark);
  }
  const seen = new Set(editor.documentVisible.get() ? editor.document.index.search(visible) : []);
  // What a gesture moves may come from outside.
  for (const id of preview.geometry.keys()) if (editor.document.get(id)) seen.add(id);
  for (const id of seen) {
    const a = hidden.has(id) ? undefined : editor.document.get(id);
    if (a) add(a, 'annotation', selection.has(id), noteOf(a));
  }
  const proposals = editor.proposals.get();
  if (proposals) {
    const focus = proposals.focus.get();
    const shown = new Set(proposals.index.search(visible));
    for (const id of preview.geometry.keys()) if (proposals.get(id)) shown.add(id);
    for (const id of shown) {
      const a = proposals.get(id);
      if (a && proposals.isShown(a)) add(a, 'proposal', id === focus, scoreOf(a).toFixed(2));
    }
  }
  const order = (i: SceneItem) => (i.selected ? 4 : 0) + (i.hovered ? 2 : 0) + (i.kind === 'annotation' ? 1 : 0);
  const byOrder = (a: SceneItem, b: SceneItem) => order(a) - order(b) || (a.id < b.id ? -1 : 1);
  scene.masks.sort(byOrder);
  scene.shapes.sort(byOrder);
  return scene;
}

function noteOf(a: Annotation): string {
  return [a.truncated && 'T', a.occluded && 'O', a.difficult && 'U', a.crowd && 'C'].filter(Boolean).join('');
}
function touches(a: Bounds, b: Bounds): boolean {
  return a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1;
}

/** The class of a draft or preview. */
export function classOf(editor: Editor, classId: string): LabelClass | undefined {
  return findClass(editor.schema.get(), classId);
}
