/** The hand on the canvas: everything is done with the real mouse and keyboard, in coordinates of the image. */
import { expect, type Locator, type Page } from '@playwright/test';
import { DEMO_HEIGHT, DEMO_WIDTH } from '@/lib/core/demo';
import type { Annotation } from '@/lib/core/labels';
import type { Client } from '@/lib/api/client';

export interface Point { x: number; y: number }
export interface Rect { x0: number; y0: number; x1: number; y1: number }

/** Where the image lies in the window. */
interface View { scale: number; x: number; y: number; left: number; top: number; width: number; height: number }

export class Labelling {
  readonly canvas: Locator;
  readonly surface: Locator;
  readonly saveMark: Locator;

  constructor(readonly page: Page) {
    this.canvas = page.getByTestId('canvas');
    this.surface = page.getByTestId('canvas-surface');
    this.saveMark = page.getByTestId('save-mark');
  }

  async open(project: string, item: string, query: Record<string, string> = {}): Promise<void> {
    const search = new URLSearchParams(query).toString();
    await this.page.goto(`/projects/${project}/items/${item}${search ? `?${search}` : ''}`);
    await this.ready();
  }

  /** The picture is there, fitted, and hears keys. */
  async ready(): Promise<void> {
    await expect(this.canvas).toHaveAttribute('data-image', 'ready');
    await expect(this.surface).toHaveAttribute('data-scale', /\d/);
  }

  /** The labelling page shows this image, and hears keys. */
  async at(name: string): Promise<void> {
    await expect(this.page.getByRole('application', { name: `Canvas: ${name}` })).toBeVisible();
    await this.ready();
  }

  /** Back to the list by its key. */
  async leave(): Promise<void> {
    await this.ready();
    await expect(this.page.getByRole('dialog')).toHaveCount(0);
    await this.page.keyboard.press('Alt+ArrowUp');
    await expect(this.page).not.toHaveURL(/\/items\//);
  }

  /** The item of the address. */
  get item(): string {
    return /items\/([0-9a-f-]{36})/.exec(this.page.url())![1]!;
  }

  async view(): Promise<View> {
    return this.surface.evaluate((element) => {
      const box = element.getBoundingClientRect();
      const { scale, x, y } = (element as HTMLElement).dataset;
      return { scale: Number(scale), x: Number(x), y: Number(y), left: box.left, top: box.top, width: box.width, height: box.height };
    });
  }

  /** Image coordinates to those of the window. */
  async toScreen(points: readonly Point[]): Promise<Point[]> {
    const v = await this.view();
    return points.map((p) => ({ x: v.left + v.x + p.x * v.scale, y: v.top + v.y + p.y * v.scale }));
  }

  /** Presses at the first point, moves over the others, lets go at the last. */
  async drag(points: readonly Point[], { steps = 2, button = 'left' as 'left' | 'middle' } = {}): Promise<void> {
    const [first, ...rest] = await this.toScreen(points);
    const { mouse } = this.page;
    await mouse.move(first!.x, first!.y);
    await mouse.down({ button });
    for (const p of rest) await mouse.move(p.x, p.y, { steps });
    await mouse.up({ button });
  }

  async click(point: Point): Promise<void> {
    const [p] = await this.toScreen([point]);
    await this.page.mouse.click(p!.x, p!.y);
  }

  /** With the box tool in hand. */
  async drawBox({ x0, y0, x1, y1 }: Rect): Promise<void> {
    await this.drag([{ x: x0, y: y0 }, { x: x1, y: y1 }]);
  }

  /** Picks a class by its key; with it comes the tool of its kind. */
  async pick(key: string, tool: 'box' | 'brush' | 'landmarks'): Promise<void> {
    await this.page.keyboard.press(key);
    await expect(this.canvas).toHaveAttribute('data-tool', tool);
  }

  async tool(key: string, id: string): Promise<void> {
    await this.page.keyboard.press(key);
    await expect(this.canvas).toHaveAttribute('data-tool', id);
  }

  async expectCount(count: number): Promise<void> {
    await expect(this.surface).toHaveAttribute('data-objects', String(count));
  }

  /** Everything that was drawn is on the server. */
  async waitSaved(timeout = 15_000): Promise<void> {
    await expect(this.saveMark).toHaveAttribute('data-state', 'server', { timeout });
  }

  /** Everything that was drawn is at least safe in this browser: acknowledged. */
  async waitKept(): Promise<void> {
    await expect(this.saveMark).toHaveAttribute('data-state', /^(here|server|offline|signed-out)$/);
  }
}

/** What the server holds of an item's team document. */
export async function teamDocument(api: Client, item: string): Promise<{ id: string; seq: number; annotations: Annotation[]; decisions: Record<string, string> }> {
  const { team } = await api.itemDocuments({ params: { id: item } });
  const state = await api.documentOne({ params: { id: team.id } });
  return { id: team.id, seq: state.document.seq, annotations: state.annotations, decisions: state.decisions };
}

/** What the project's current model proposes for an item. */
export async function proposalsOf(api: Client, item: string): Promise<Annotation[]> {
  const { others } = await api.itemDocuments({ params: { id: item } });
  const model = others.find((d) => d.author.kind === 'model' && d.current);
  return model ? (await api.documentOne({ params: { id: model.id } })).annotations : [];
}

export const boxOf = (a: Annotation): Rect => {
  if (a.geometry.kind !== 'box') throw new Error(`annotation ${a.id} is no box but ${a.geometry.kind}`);
  const { x0, y0, x1, y1 } = a.geometry;
  return { x0, y0, x1, y1 };
};

/** The largest difference of two boxes' sides, in pixels. */
export const boxDistance = (a: Rect, b: Rect): number => Math.max(Math.abs(a.x0 - b.x0), Math.abs(a.y0 - b.y0), Math.abs(a.x1 - b.x1), Math.abs(a.y1 - b.y1));

/** Near the border of the image a corner jumps to it: it stands on the border, and was wanted within this reach. */
const BORDER_REACH = 5;
function hasPlaceOf(drawn: Rect, want: Rect, tolerance: number): boolean {
  const near = (a: number, b: number, border: number) => Math.abs(a - b) <= (a === border ? BORDER_REACH : tolerance);
  return near(drawn.x0, want.x0, 0) && near(drawn.y0, want.y0, 0) && near(drawn.x1, want.x1, DEMO_WIDTH) && near(drawn.y1, want.y1, DEMO_HEIGHT);
}

/** Every wanted box has one drawn within `tolerance` pixels, and none is left over. */
export function expectBoxes(drawn: readonly Annotation[], wanted: readonly Rect[], tolerance = 2): void {
  const left = drawn.filter((a) => a.geometry.kind === 'box').map(boxOf);
  for (const want of wanted) {
    const at = left.findIndex((b) => hasPlaceOf(b, want, tolerance));
    expect(at, `a box near ${JSON.stringify(want)}; left are ${JSON.stringify(left)}`).toBeGreaterThanOrEqual(0);
    left.splice(at, 1);
  }
  expect(left).toEqual([]);
}
