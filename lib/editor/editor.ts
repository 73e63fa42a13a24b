/**
 * The editor of one item: what is selected, shown and under the hand. It has no screen of its own; `render/` draws it, and
 * a page mounts it.
 */
import type { Point, Size } from '@/lib/core/geometry';
import { findClass, type Annotation, type Bounds, type Geometry, type LabelClass, type LabelSchema } from '@/lib/core/labels';
import { Clipboard } from './clipboard';
import type { DecisionContext } from './edits';
import { Signal } from './emitter';
import { hitTest, type Hit, type HitLayer } from './hit';
import { emptyPreview, noPointerMark, type PointerMark, type Preview } from './preview';
import type { Proposals } from './proposals';
import { defaultSettings, type EditorSettings } from './settings';
import type { DocumentSession, Draft } from './sync/session';
import { createTools, type Tools } from './tools';
import { REACH, type ToolId } from './tools/Tool';
import * as view from './viewport';

export interface EditorOptions {
  image: Size;
  project: string;
  schema: LabelSchema;
  session: DocumentSession;
  clipboard?: Clipboard;
  settings?: EditorSettings;
  activeClassId?: string | null;
}

/** A document that is shown beside, and cannot be changed. */
export interface Reference {
  documentId: string;
  name: string;
  /** `A` and `B` of a comparison, or none. */
  mark: 'A' | 'B' | null;
  annotations: readonly Annotation[];
  visible: boolean;
}

const NO_IDS: ReadonlySet<string> = new Set();

export class Editor {
  readonly image: Size;
  readonly project: string;
  readonly session: DocumentSession;
  readonly clipboard: Clipboard;
  readonly viewport: Signal<view.Viewport>;
  readonly selection = new Signal<ReadonlySet<string>>(NO_IDS);
  readonly hover = new Signal<string | null>(null);
  /** Left out of sight, and out of reach. */
  readonly hidden = new Signal<ReadonlySet<string>>(NO_IDS);
  /** In sight, but not changed by hand. */
  readonly locked = new Signal<ReadonlySet<string>>(NO_IDS);
  readonly schema: Signal<LabelSchema>;
  readonly activeClassId: Signal<string | null>;
  readonly toolId = new Signal<ToolId>('select');
  readonly settings: Signal<EditorSettings>;
  readonly preview = new Signal<Preview>(emptyPreview);
  readonly pointerMark = new Signal<PointerMark>(noPointerMark);
  readonly cursor = new Signal<string>('default');
  /** While Ctrl (Command) is held with a drawing tool in hand: the pointer selects, moves and resizes instead. */
  readonly gripping = new Signal(false);
  readonly proposals = new Signal<Proposals | null>(null);
  readonly references = new Signal<readonly Reference[]>([]);
  /** Whether the open document itself is drawn; comparisons switch it off to show the other side alone. */
  readonly documentVisible = new Signal(true);
  /** A place that the page was opened at. */
  readonly place = new Signal<Bounds | null>(null);
  /** One line that says why something did not happen. */
  readonly notice = new Signal<{ text: string; n: number } | null>(null);
  /** Grows with every change of the document; for what is derived from it. */
  readonly documentVersion = new Signal(0);
  readonly tools: Tools;
  screen: Size = { width: 1, height: 1 };
  private fitted = false;
  private readonly stops: (() => void)[];

  constructor(options: EditorOptions) {
    this.image = options.image;
    this.project = options.project;
    this.session = options.session;
    this.clipboard = options.clipboard ?? new Clipboard();
    this.schema = new Signal(options.schema);
    this.settings = new Signal(options.settings ?? defaultSettings);
    const remembered = options.activeClassId && findClass(options.schema, options.activeClassId);
    this.activeClassId = new Signal((remembered || options.schema.classes[0])?.id ?? null);
    this.viewport = new Signal(view.fit(this.image, this.screen));
    this.tools = createTools(this);
    this.stops = [
      this.document.events.on('change', ({ annotations }) => {
        this.dropMissing(annotations);
        for (const tool of new Set([this.tool, this.tools.select])) tool.current.documentChanged(annotations);
        this.documentVersion.update((v) => v + 1);
      }),
      // What follows the tool's own idea of itself.
      this.toolId.subscribe(() => this.cursor.set(this.tool.cursor)),
    ];
  }

  get document() {
    return this.session.document;
  }
  get readOnly(): boolean {
    return this.session.readOnly;
  }
  get tool() {
    return this.tools[this.toolId.get()];
  }
  get activeClass(): LabelClass | null {
    const id = this.activeClassId.get();
    return id ? (findClass(this.schema.get(), id) ?? null) : null;
  }
  /** CSS pixels on the screen as image pixels. */
  toImageLength(cssPixels: number): number {
    return cssPixels / this.viewport.get().scale;
  }
  get decisions(): DecisionContext {
    return { decision: (id) => this.document.decision(id), threshold: this.proposals.get()?.threshold.get() ?? 0 };
  }

  close(): void {
    this.tool.deactivate();
    if (this.tool !== this.tools.select) this.tools.select.deactivate();
    this.stops.forEach((stop) => stop());
  }

  // Doing ---------------------------------------------------------------------------------------------------------------

  commit(draft: Draft) {
    if (this.readOnly) this.say('You can look at these labels, but not change them.');
    return this.session.commit(draft);
  }
  undo(): void {
    if (this.tool.current.busy) this.tool.current.cancel();
    else if (!this.session.undo()) this.say('There is nothing to undo.');
  }
  redo(): void {
    if (!this.session.redo()) this.say('There is nothing to redo.');
  }

  private notices = 0;
  say(text: string): void {
    this.notice.set({ text, n: ++this.notices });
  }

  // Tools and classes ---------------------------------------------------------------------------------------------------

  setTool(id: ToolId): void {
    if (this.readOnly && id !== 'pan' && id !== 'select') return this.say('You can look at these labels, but not change them.');
    if (id === this.toolId.get()) return;
    this.tool.deactivate();
    this.toolId.set(id);
    this.tool.activate();
    this.cursor.set(this.tool.cursor);
    // A tool draws one kind: without a class of that kind it could not begin.
    const kind = kindOf(id);
    if (kind && this.activeClass?.kind !== kind) {
      const first = this.schema.get().classes.find((c) => c.kind === kind);
      if (first) this.activeClassId.set(first.id);
      else this.say(`The label schema has no class of the kind ${kind}. Add one in the project's schema.`);
    }
  }

  setActiveClass(id: string): void {
    const cls = findClass(this.schema.get(), id);
    if (!cls) return;
    this.activeClassId.set(id);
    const kind = kindOf(this.toolId.get());
    if (this.readOnly || kind === cls.kind) return;
    this.setTool(cls.kind === 'mask' ? 'brush' : cls.kind);
  }

  /** What a gesture shows; what is left out stays. */
  show(change: Partial<Preview>): void {
    this.preview.update((p) => ({ ...p, ...change }));
  }
  clearPreview(): void {
    this.preview.set(emptyPreview);
    this.pointerMark.set(noPointerMark);
  }
  mark(change: Partial<PointerMark>): void {
    this.pointerMark.update((p) => ({ ...p, ...change }));
  }

  // Selecting -----------------------------------------------------------------------------------------------------------

  select(ids: Iterable<string>): void {
    const next = new Set([...ids].filter((id) => this.document.get(id)));
    const now = this.selection.get();
    if (next.size !== now.size || [...next].some((id) => !now.has(id))) this.selection.set(next);
  }
  get selected(): Annotation[] {
    return [...this.selection.get()].flatMap((id) => this.document.get(id) ?? []);
  }
  /** The one selected annotation, or null when there are none or many. */
  get single(): Annotation | null {
    const all = this.selected;
    return all.length === 1 ? all[0]! : null;
  }
  isLocked(id: string): boolean {
    return this.locked.get().has(id);
  }
  isHidden(id: string): boolean {
    return this.settings.get().hideAll || !this.documentVisible.get() || this.hidden.get().has(id);
  }
  toggle(which: 'hidden' | 'locked', ids: readonly string[]): void {
    const now = new Set(this[which].get());
    const all = ids.every((id) => now.has(id));
    for (const id of ids) if (all) now.delete(id);
      else now.add(id);
    this[which].set(now);
  }

  /** An annotation as it is seen: with what the gesture under way makes of it. */
  geometryOf(a: Annotation): Geometry {
    return this.preview.get().geometry.get(a.id) ?? a.geometry;
  }

  /** What is under a point of the image, the one that is meant first. */
  hits(p: Point): Hit[] {
    const layers: HitLayer[] = [
      { kind: 'annotation', index: this.document.index, geometry: (id) => (this.isHidden(id) ? null : (this.document.get(id) ?? null)) },
    ];
    const proposals = this.proposals.get();
    if (proposals && !this.settings.get().hideAll) {
      layers.push({ kind: 'proposal', index: proposals.index, geometry: (id) => {
        const a = proposals.get(id);
        return a && proposals.isShown(a) ? a : null;
      } });
    }
    return hitTest(p, layers, this.schema.get(), this.toImageLength(REACH));
  }

  private dropMissing(changed: ReadonlySet<string>): void {
    const gone = (id: string | null): id is string => id !== null && changed.has(id) && !this.document.get(id);
    if ([...this.selection.get()].some(gone)) this.selection.update((s) => new Set([...s].filter((id) => !gone(id))));
    if (gone(this.hover.get())) this.hover.set(null);
  }

  // Looking -------------------------------------------------------------------------------------------------------------

  /** The canvas has this size now, in CSS pixels. */
  setScreen(size: Size): void {
    if (size.width < 1 || size.height < 1) return;
    const before = this.screen;
    this.screen = size;
    if (!this.fitted) {
      this.fitted = true;
      const place = this.place.get();
      this.viewport.set(place ? view.fitBounds(place, this.image, size) : view.fit(this.image, size));
    } else if (view.same(this.viewport.get(), view.fit(this.image, before))) this.fit();
    else this.viewport.update((v) => view.resized(v, this.image, before, size));
  }
  zoom(factor: number, at: Point = { x: this.screen.width / 2, y: this.screen.height / 2 }): void {
    this.viewport.update((v) => view.zoom(v, at, factor, this.image, this.screen));
  }
  zoomTo(scale: number): void {
    this.viewport.update((v) => view.zoomTo(v, { x: this.screen.width / 2, y: this.screen.height / 2 }, scale, this.image, this.screen));
  }
  fit(): void {
    this.viewport.set(view.fit(this.image, this.screen));
  }
  pan(dx: number, dy: number): void {
    this.viewport.update((v) => view.pan(v, dx, dy, this.image, this.screen));
  }
  /** Brings a place into view; with `always`, also when it can be seen already. */
  reveal(b: Bounds, always = false): void {
    const visible = view.visibleBounds(this.viewport.get(), this.screen);
    const seen = b.x0 >= visible.x0 && b.y0 >= visible.y0 && b.x1 <= visible.x1 && b.y1 <= visible.y1;
    const large = Math.max(b.x1 - b.x0, b.y1 - b.y0) * this.viewport.get().scale >= 12;
    if (!seen || !large || always) this.viewport.set(view.fitBounds(b, this.image, this.screen));
  }
  /** Shows this place first, once the canvas has its size. */
  openAt(b: Bounds): void {
    this.place.set(b);
    if (this.fitted) this.reveal(b, true);
  }
}

/** The kind of annotation that a tool draws, or null. */
export function kindOf(tool: ToolId): LabelClass['kind'] | null {
  return tool === 'box' || tool === 'landmarks' ? tool : tool === 'brush' || tool === 'eraser' ? 'mask' : null;
}
