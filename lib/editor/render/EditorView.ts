/**
 * Draws an editor into an element and hears its pointer. Four layers: image, masks, shapes, overlay; each is one shape that
 * draws everything itself from the editor's state, so that a layer is redrawn only when what it shows has changed.
 */
import Konva from 'konva';
import { DRAFT } from '../preview';
import type { Editor } from '../editor';
import type { EditorInput } from '../input';
import { maskOf } from '../maskCache';
import { boundsOf } from '../spatialIndex';
import { visibleBounds } from '../viewport';
import { abgr, rgbOf } from './colors';
import { drawShapes, drawTags } from './draw';
import { ImagePyramid } from './ImagePyramid';
import { MaskTextures } from './MaskTextures';
import { drawOverlay } from './overlay';
import { classOf, colorOf, sceneOf, type Scene } from './scene';
import type { TileStyle } from './tiles';

type LayerName = 'image' | 'masks' | 'shapes' | 'overlay';

export class EditorView {
  private readonly stage: Konva.Stage;
  private readonly layers: Record<LayerName, Konva.Layer>;
  private readonly textures = new MaskTextures();
  private readonly stops: (() => void)[] = [];
  private readonly observer: ResizeObserver;
  private pyramid: ImagePyramid | null = null;
  private scene: Scene | null = null;
  private frame: number | null = null;
  private ready = false;
  private closed = false;

  constructor(
    private readonly container: HTMLDivElement,
    private readonly editor: Editor,
    private readonly input: EditorInput,
  ) {
    this.stage = new Konva.Stage({ container, width: Math.max(1, container.clientWidth), height: Math.max(1, container.clientHeight), listening: false });
    this.layers = {
      image: this.layer((ctx) => this.drawImage(ctx)),
      masks: this.layer((ctx) => this.drawMasks(ctx)),
      shapes: this.layer((ctx) => this.drawShapes(ctx)),
      overlay: this.layer((ctx) => drawOverlay(ctx, this.editor)),
    };
    this.ready = true;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(container);
    this.resize();
    this.follow();
    this.listen();
  }

  private layer(draw: (ctx: CanvasRenderingContext2D) => void): Konva.Layer {
    const layer = new Konva.Layer({ listening: false });
    // Konva's context counts every call; the canvas's own is quicker, and has its transform already.
    layer.add(new Konva.Shape({ listening: false, perfectDrawEnabled: false, sceneFunc: (ctx) => this.ready && draw(ctx._context) }));
    // The stage draws a layer as soon as it has it; until all are there, nothing is.
    this.stage.add(layer);
    return layer;
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.container;
    if (width < 1 || height < 1) return;
    this.stage.size({ width, height });
    this.editor.setScreen({ width, height });
    this.redraw('image', 'masks', 'shapes', 'overlay');
  }

  // What changes what ----------------------------------------------------------------------------------------------------

  private follow(): void {
    const { editor } = this;
    const content = () => this.redraw('masks', 'shapes', 'overlay');
    const shapes = () => this.redraw('shapes');
    this.stops.push(
      editor.viewport.subscribe(() => {
        this.describe();
        this.redraw('image', 'masks', 'shapes', 'overlay');
      }),
      editor.documentVersion.subscribe(() => {
        this.describe();
        this.textures.keep((id) => id === DRAFT || editor.document.get(id) !== undefined || editor.references.get().some((r) => r.annotations.some((a) => a.id === id)) || editor.proposals.get()?.get(id) !== undefined);
        content();
      }),
      editor.selection.subscribe(content),
      editor.hidden.subscribe(content),
      editor.references.subscribe(content),
      editor.documentVisible.subscribe(content),
      editor.schema.subscribe(content),
      editor.preview.subscribe(content),
      editor.place.subscribe(() => this.redraw('overlay')),
      editor.locked.subscribe(() => this.redraw('overlay')),
      editor.toolId.subscribe(() => this.redraw('overlay')),
      editor.gripping.subscribe(() => this.redraw('overlay')),
      editor.hover.subscribe(shapes),
      editor.pointerMark.subscribe(() => this.redraw('overlay')),
      editor.settings.subscribe(() => {
        this.filter();
        content();
      }),
      editor.cursor.subscribe(() => (this.container.style.cursor = editor.cursor.get())),
    );
    let stopProposals: (() => void)[] = [];
    const followProposals = () => {
      stopProposals.forEach((stop) => stop());
      const proposals = editor.proposals.get();
      stopProposals = proposals ? [proposals.threshold.subscribe(content), proposals.focus.subscribe(content)] : [];
      content();
    };
    this.stops.push(editor.proposals.subscribe(followProposals), () => stopProposals.forEach((stop) => stop()));
    followProposals();
    this.filter();
    this.describe();
    this.container.style.cursor = editor.cursor.get();
  }

  /** The browser's compositor brightens a layer for free; a canvas would do it pixel by pixel at every frame. */
  private filter(): void {
    const { brightness, contrast } = this.editor.settings.get();
    this.layers.image.getNativeCanvasElement().style.filter = brightness === 1 && contrast === 1 ? '' : `brightness(${brightness}) contrast(${contrast})`;
  }

  /** Where the image lies and how much is on it, for those who see the page from outside: browser tests, assistive scripts. */
  private describe(): void {
    const v = this.editor.viewport.get();
    this.container.dataset.scale = String(v.scale);
    this.container.dataset.x = String(v.x);
    this.container.dataset.y = String(v.y);
    this.container.dataset.objects = String(this.editor.document.state.annotations.size);
  }

  private readonly stale = new Set<LayerName>();
  private redraw(...names: LayerName[]): void {
    for (const name of names) this.stale.add(name);
    if (this.frame !== null || this.closed) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      if (this.stale.has('masks') || this.stale.has('shapes')) this.scene = null;
      // An empty layer need not be put over the others, frame by frame.
      if (this.stale.has('masks')) this.layers.masks.visible(this.current().masks.length > 0 || this.editor.preview.get().masks.size > 0);
      // Konva clears and draws; the order is that of the layers.
      for (const name of this.stale) this.layers[name].draw();
      this.stale.clear();
    });
  }

  // Drawing ---------------------------------------------------------------------------------------------------------------

  /** The picture, once it is loaded; null shows none. */
  setImage(image: HTMLImageElement | null): void {
    this.pyramid = image ? new ImagePyramid(image, this.editor.image) : null;
    this.redraw('image');
  }

  private drawImage(ctx: CanvasRenderingContext2D): void {
    const v = this.editor.viewport.get();
    const { width, height } = this.editor.image;
    if (this.pyramid) this.pyramid.draw(ctx, visibleBounds(v, this.editor.screen), v.scale, v.x, v.y, this.layers.image.getCanvas().getPixelRatio());
    else {
      ctx.fillStyle = 'rgba(128, 128, 128, 0.25)';
      ctx.fillRect(v.x, v.y, width * v.scale, height * v.scale);
    }
    ctx.lineWidth = 1;
    ctx.strokeStyle = 'rgba(128, 128, 128, 0.6)';
    ctx.strokeRect(v.x - 0.5, v.y - 0.5, width * v.scale + 1, height * v.scale + 1);
  }

  private current(): Scene {
    return (this.scene ??= sceneOf(this.editor));
  }

  private drawMasks(ctx: CanvasRenderingContext2D): void {
    const { editor } = this;
    const v = editor.viewport.get();
    const { masks, visible } = this.current();
    const preview = editor.preview.get().masks;
    const dpr = this.layers.masks.getCanvas().getPixelRatio();
    ctx.imageSmoothingEnabled = v.scale < 1;
    for (const item of masks) {
      if (item.geometry.kind !== 'mask') continue;
      const mask = preview.get(item.id)?.mask ?? maskOf(item.geometry);
      ctx.globalAlpha = item.kind === 'annotation' ? 1 : 0.7;
      this.textures.draw(ctx, item.id, mask, this.tileStyle(colorOf(item.cls), item.selected || preview.has(item.id)), visible, v.scale, v.x, v.y, dpr);
    }
    ctx.globalAlpha = 1;
    const draft = preview.get(DRAFT);
    if (draft) this.textures.draw(ctx, DRAFT, draft.mask, this.tileStyle(colorOf(classOf(editor, draft.classId)), true), visible, v.scale, v.x, v.y, dpr);
  }

  private tileStyle(color: string, selected: boolean): TileStyle {
    const opacity = this.editor.settings.get().maskOpacity;
    const rgb = rgbOf(color);
    return { fill: abgr(rgb, opacity), border: selected ? abgr([255, 255, 255], 0.95) : abgr(rgb, Math.min(1, opacity + 0.45)) };
  }

  private drawShapes(ctx: CanvasRenderingContext2D): void {
    const { editor } = this;
    const v = editor.viewport.get();
    const { shapes, masks } = this.current();
    drawShapes(ctx, shapes, v);
    drawTags(ctx, masks.length > 0 ? [...masks, ...shapes] : shapes, v, editor.settings.get().labels, boundsOf);
  }

  // The pointer -----------------------------------------------------------------------------------------------------------

  private listen(): void {
    const { container, input } = this;
    const at = (event: { clientX: number; clientY: number }) => {
      const r = container.getBoundingClientRect();
      return { x: event.clientX - r.left, y: event.clientY - r.top };
    };
    const on = <K extends keyof HTMLElementEventMap>(name: K, listener: (event: HTMLElementEventMap[K]) => void, options?: AddEventListenerOptions) => {
      container.addEventListener(name, listener, options);
      this.stops.push(() => container.removeEventListener(name, listener, options));
    };
    on('pointerdown', (event) => {
      if (event.button === 2) return;
      // The middle button would start the browser's own scrolling.
      event.preventDefault();
      container.focus({ preventScroll: true });
      container.setPointerCapture(event.pointerId);
      input.pointerDown(event, at(event));
    });
    on('pointermove', (event) => {
      // Pages over plain http do not get the events in between.
      const between = event.getCoalescedEvents?.().slice(0, -1).map(at);
      input.pointerMove(event, at(event), between);
    });
    on('pointerup', (event) => {
      if (event.button !== 2) input.pointerUp(event, at(event));
    });
    on('pointercancel', () => input.pointerCancel());
    on('pointerleave', () => input.pointerLeave());
    on('wheel', (event) => {
      event.preventDefault();
      input.wheel(event, at(event));
    }, { passive: false });
    on('contextmenu', (event) => event.preventDefault());
  }

  destroy(): void {
    this.closed = true;
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.stops.forEach((stop) => stop());
    this.stage.destroy();
  }
}
