/**
 * The one list of what can be done. Keys, menus, tooltips and the help dialog all come from it: a new action is one entry.
 */
import { copy, duplicate, paste, reclass, removeAnnotations, toggleFlag, type FlagName } from '../commands';
import type { Editor } from '../editor';
import { stepBrush } from '../settings';
import { boundsOf } from '../spatialIndex';
import type { ToolId } from '../tools/Tool';

/** What the page does for actions that reach beyond the canvas. */
export interface EditorHost {
  go(direction: 1 | -1): void;
  goNextOpen(): void;
  finish(): void;
  back(): void;
  openHelp(): void;
  openClasses(): void;
  /** Runs a model on the open item. */
  suggest(): void;
  openPanel(panel: 'objects' | 'proposals' | 'guide' | 'history'): void;
}

export interface ActionContext {
  editor: Editor;
  host: EditorHost;
}

export const actionGroups = ['Tools', 'Draw', 'Objects', 'Proposals', 'View', 'Item'] as const;
export type ActionGroup = (typeof actionGroups)[number];

export interface Action {
  readonly id: string;
  readonly name: string;
  readonly group: ActionGroup;
  /** Chords as `keys.ts` writes them; the first is shown in tooltips. */
  readonly keys: readonly string[];
  /** Whether it means anything right now; a key goes to the first action that is enabled. */
  enabled?(context: ActionContext): boolean;
  perform(context: ActionContext): void;
  /** A held key repeats it. */
  readonly repeats?: boolean;
}

const may = ({ editor }: ActionContext) => !editor.readOnly;
const hasSelection = (c: ActionContext) => may(c) && c.editor.selection.get().size > 0;
const anySelection = ({ editor }: ActionContext) => editor.selection.get().size > 0;
const focused = (c: ActionContext) => may(c) && Boolean(c.editor.proposals.get()?.focus.get());
const hasProposals = (c: ActionContext) => may(c) && (c.editor.proposals.get()?.undecided().length ?? 0) > 0;
const brushing = ({ editor }: ActionContext) => editor.toolId.get() === 'brush' || editor.toolId.get() === 'eraser';
const placing = ({ editor }: ActionContext) => editor.toolId.get() === 'landmarks' && editor.tools.landmarks.placing !== null;

const tool = (id: ToolId, name: string, key: string): Action => ({
  id: `tool.${id}`, name, group: 'Tools', keys: [key],
  enabled: ({ editor }) => !editor.readOnly || id === 'select' || id === 'pan',
  perform: ({ editor }) => editor.setTool(id),
});
const flag = (id: FlagName, name: string, key: string): Action => ({
  id: `flag.${id}`, name, group: 'Objects', keys: [key], enabled: hasSelection,
  perform: ({ editor }) => toggleFlag(editor, editor.selected, id),
});

function stepProposal({ editor }: ActionContext, direction: 1 | -1): void {
  const next = editor.proposals.get()?.step(direction);
  if (!next) return editor.say('No proposals are left to decide.');
  editor.select([]);
  if (editor.toolId.get() !== 'select') editor.setTool('select');
  editor.reveal(boundsOf(next.geometry));
}

/** Selects the object after the selected one, in the order in which they were made, and shows it. */
function stepObject({ editor }: ActionContext, direction: 1 | -1): void {
  const list = editor.document.list().filter((a) => !editor.isHidden(a.id));
  if (list.length === 0) return editor.say('There are no objects to go through.');
  const at = list.findIndex((a) => a.id === editor.single?.id);
  const next = list[at < 0 ? (direction === 1 ? 0 : list.length - 1) : (at + direction + list.length) % list.length]!;
  editor.proposals.get()?.focus.set(null);
  if (editor.toolId.get() !== 'select') editor.setTool('select');
  editor.select([next.id]);
  editor.reveal(boundsOf(next.geometry));
}

/** Decides about the proposal in focus, and shows the one that comes next. */
function decide({ editor }: ActionContext, what: 'accept' | 'reject'): void {
  const proposals = editor.proposals.get();
  const id = proposals?.focus.get();
  if (!proposals || !id) return;
  if (what === 'accept') proposals.accept(id);
  else proposals.reject([id]);
  const next = proposals.focus.get();
  const proposal = next ? proposals.get(next) : undefined;
  if (proposal) editor.reveal(boundsOf(proposal.geometry));
}

export const actions: readonly Action[] = [
  tool('select', 'Select, move and resize', 'v'),
  tool('box', 'Box', 'b'),
  tool('landmarks', 'Landmarks', 'l'),
  tool('brush', 'Brush', 'm'),
  tool('eraser', 'Eraser', 'e'),
  tool('pan', 'Pan (or hold Space)', 'h'),

  { id: 'draw.class', name: 'Find a class by its name', group: 'Draw', keys: ['/'], enabled: may, perform: ({ host }) => host.openClasses() },
  { id: 'draw.newMask', name: 'Begin a new mask', group: 'Draw', keys: ['n'], enabled: (c) => may(c) && brushing(c), perform: ({ editor }) => { editor.select([]); editor.say('The next stroke begins a new mask.'); } },
  { id: 'draw.smaller', name: 'Smaller brush', group: 'Draw', keys: ['['], repeats: true, enabled: brushing, perform: ({ editor }) => editor.settings.update((s) => ({ ...s, brushRadius: stepBrush(s.brushRadius, -1) })) },
  { id: 'draw.larger', name: 'Larger brush', group: 'Draw', keys: [']'], repeats: true, enabled: brushing, perform: ({ editor }) => editor.settings.update((s) => ({ ...s, brushRadius: stepBrush(s.brushRadius, 1) })) },
  { id: 'draw.noOverlap', name: 'Painting clears other masks', group: 'Draw', keys: ['Shift+o'], enabled: (c) => may(c) && brushing(c), perform: ({ editor }) => { editor.settings.update((s) => ({ ...s, noOverlap: !s.noOverlap })); editor.say(editor.settings.get().noOverlap ? 'Painting clears other masks under the brush.' : 'Masks may overlap.'); } },
  { id: 'draw.skipPoint', name: 'Leave this landmark out', group: 'Draw', keys: ['s'], enabled: (c) => may(c) && placing(c), perform: ({ editor }) => editor.tools.landmarks.placing?.skip() },
  { id: 'draw.visibility', name: 'Last landmark visible or hidden', group: 'Draw', keys: ['q'], enabled: (c) => may(c) && placing(c), perform: ({ editor }) => editor.tools.landmarks.placing?.toggleLast() },
  { id: 'draw.stepBack', name: 'Back to the landmark before', group: 'Draw', keys: ['Backspace'], repeats: true, enabled: (c) => may(c) && placing(c) && c.editor.tools.landmarks.placing!.begun, perform: ({ editor }) => editor.tools.landmarks.placing?.stepBack() },

  { id: 'edit.undo', name: 'Undo', group: 'Objects', keys: ['Mod+z'], repeats: true, enabled: may, perform: ({ editor }) => editor.undo() },
  { id: 'edit.redo', name: 'Redo', group: 'Objects', keys: ['Mod+Shift+z', 'Mod+y'], repeats: true, enabled: may, perform: ({ editor }) => editor.redo() },
  { id: 'edit.delete', name: 'Delete', group: 'Objects', keys: ['Delete', 'Backspace'], enabled: hasSelection, perform: ({ editor }) => removeAnnotations(editor, editor.selected) },
  { id: 'edit.copy', name: 'Copy', group: 'Objects', keys: ['Mod+c'], enabled: anySelection, perform: ({ editor }) => editor.say(`Copied ${copy(editor)}.`) },
  { id: 'edit.paste', name: 'Paste, also into another item', group: 'Objects', keys: ['Mod+v'], enabled: may, perform: ({ editor }) => paste(editor) },
  { id: 'edit.duplicate', name: 'Duplicate', group: 'Objects', keys: ['Mod+d'], enabled: hasSelection, perform: ({ editor }) => duplicate(editor) },
  { id: 'object.next', name: 'Next object', group: 'Objects', keys: ['.'], repeats: true, perform: (c) => stepObject(c, 1) },
  { id: 'object.previous', name: 'Previous object', group: 'Objects', keys: [','], repeats: true, perform: (c) => stepObject(c, -1) },
  { id: 'edit.selectAll', name: 'Select all', group: 'Objects', keys: ['Mod+a'], perform: ({ editor }) => editor.select(editor.document.list().filter((a) => !editor.isHidden(a.id)).map((a) => a.id)) },
  flag('truncated', 'Truncated', 't'),
  flag('occluded', 'Occluded', 'o'),
  flag('difficult', 'Difficult', 'u'),
  flag('crowd', 'Crowd', 'c'),
  { id: 'object.hide', name: 'Hide or show the selected', group: 'Objects', keys: ['i'], enabled: anySelection, perform: ({ editor }) => editor.toggle('hidden', [...editor.selection.get()]) },
  { id: 'object.lock', name: 'Lock or unlock the selected', group: 'Objects', keys: ['k'], enabled: anySelection, perform: ({ editor }) => editor.toggle('locked', [...editor.selection.get()]) },

  { id: 'proposal.next', name: 'Next proposal', group: 'Proposals', keys: ['Tab'], repeats: true, enabled: hasProposals, perform: (c) => stepProposal(c, 1) },
  { id: 'proposal.previous', name: 'Previous proposal', group: 'Proposals', keys: ['Shift+Tab'], repeats: true, enabled: hasProposals, perform: (c) => stepProposal(c, -1) },
  { id: 'proposal.accept', name: 'Accept the proposal', group: 'Proposals', keys: ['Enter', 'a'], enabled: focused, perform: (c) => decide(c, 'accept') },
  { id: 'proposal.acceptAll', name: 'Accept all above the threshold', group: 'Proposals', keys: ['Shift+a'], enabled: hasProposals, perform: ({ editor }) => editor.say(`Accepted ${editor.proposals.get()?.acceptShown() ?? 0}.`) },
  { id: 'proposal.reject', name: 'Reject the proposal', group: 'Proposals', keys: ['r', 'x'], enabled: focused, perform: (c) => decide(c, 'reject') },
  { id: 'proposal.suggest', name: 'Suggest on this image', group: 'Proposals', keys: ['Shift+s'], enabled: may, perform: ({ host }) => host.suggest() },

  { id: 'view.fit', name: 'Fit the image', group: 'View', keys: ['f'], perform: ({ editor }) => editor.fit() },
  { id: 'view.actual', name: '100 %', group: 'View', keys: ['z'], perform: ({ editor }) => editor.zoomTo(1) },
  { id: 'view.zoomIn', name: 'Zoom in', group: 'View', keys: ['+', '='], repeats: true, perform: ({ editor }) => editor.zoom(1.25) },
  { id: 'view.zoomOut', name: 'Zoom out', group: 'View', keys: ['-'], repeats: true, perform: ({ editor }) => editor.zoom(1 / 1.25) },
  { id: 'view.zoomSelection', name: 'Zoom to the selected', group: 'View', keys: ['Shift+f'], enabled: anySelection, perform: ({ editor }) => zoomToSelection(editor) },
  { id: 'view.hideAll', name: 'Hide or show all labels', group: 'View', keys: ['Shift+h'], perform: ({ editor }) => editor.settings.update((s) => ({ ...s, hideAll: !s.hideAll })) },
  { id: 'view.names', name: 'Class names: all, selected, none', group: 'View', keys: ['Shift+n'], perform: ({ editor }) => editor.settings.update((s) => ({ ...s, labels: s.labels === 'all' ? 'selected' : s.labels === 'selected' ? 'none' : 'all' })) },
  { id: 'view.objects', name: 'Objects', group: 'View', keys: ['Alt+1'], perform: ({ host }) => host.openPanel('objects') },
  { id: 'view.proposals', name: 'Proposals', group: 'View', keys: ['Alt+2'], perform: ({ host }) => host.openPanel('proposals') },
  { id: 'view.guide', name: 'Guide', group: 'View', keys: ['Alt+3'], perform: ({ host }) => host.openPanel('guide') },
  { id: 'view.history', name: 'History', group: 'View', keys: ['Alt+4'], perform: ({ host }) => host.openPanel('history') },
  { id: 'view.help', name: 'Keys and help', group: 'View', keys: ['?'], perform: ({ host }) => host.openHelp() },

  { id: 'item.previous', name: 'Previous item', group: 'Item', keys: ['PageUp', 'ArrowLeft'], perform: ({ host }) => host.go(-1) },
  { id: 'item.next', name: 'Next item', group: 'Item', keys: ['PageDown', 'ArrowRight'], perform: ({ host }) => host.go(1) },
  { id: 'item.nextOpen', name: 'Next open item', group: 'Item', keys: ['Shift+PageDown'], perform: ({ host }) => host.goNextOpen() },
  { id: 'item.done', name: 'Done, or open again', group: 'Item', keys: ['d'], enabled: may, perform: ({ host }) => host.finish() },
  { id: 'item.back', name: 'Back to the items', group: 'Item', keys: ['Alt+ArrowUp'], perform: ({ host }) => host.back() },
];

function zoomToSelection(editor: Editor): void {
  const all = editor.selected.map((a) => boundsOf(a.geometry));
  if (all.length === 0) return;
  editor.reveal({ x0: Math.min(...all.map((b) => b.x0)), y0: Math.min(...all.map((b) => b.y0)), x1: Math.max(...all.map((b) => b.x1)), y1: Math.max(...all.map((b) => b.y1)) }, true);
}

const byId = new Map(actions.map((a) => [a.id, a]));
export function actionById(id: string): Action {
  const action = byId.get(id);
  if (!action) throw new Error(`there is no action ${id}`);
  return action;
}

/** The enabled action of a chord; the first in the list wins. */
export function actionOf(chord: string, context: ActionContext): Action | null {
  return actions.find((a) => a.keys.includes(chord) && (a.enabled?.(context) ?? true)) ?? null;
}

/** What a class's key does: gives what is selected (or the proposal in focus) that class, else picks it to draw with. */
export function applyClassKey(editor: Editor, classId: string, reclassSelected = false): void {
  const proposals = editor.proposals.get();
  const focus = proposals?.focus.get();
  if (proposals && focus && !editor.readOnly) {
    const cls = editor.schema.get().classes.find((c) => c.id === classId);
    const proposal = proposals.get(focus);
    if (cls && proposal && cls.kind !== proposal.geometry.kind) return editor.say(`"${cls.name}" takes ${cls.kind}; the proposal is a ${proposal.geometry.kind}.`);
    proposals.accept(focus, { classId });
    return;
  }
  const selecting = editor.toolId.get() === 'select';
  const cls = editor.schema.get().classes.find((c) => c.id === classId);
  if (editor.selection.get().size > 0 && !editor.readOnly && (reclassSelected || (selecting && editor.selected.some((a) => a.geometry.kind === cls?.kind)))) {
    reclass(editor, editor.selected, classId);
    return;
  }
  editor.setActiveClass(classId);
}
