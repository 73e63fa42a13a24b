/** What a person chose about how they work; nothing of it is part of a document. */
export interface EditorSettings {
  /** In image pixels. */
  brushRadius: number;
  /** Painting a mask clears others under it. */
  noOverlap: boolean;
  /** Whether a stroke goes on with the selected mask, or always begins a new one. */
  paintMode: 'continue' | 'new';
  /** Which annotations carry their class's name on the canvas. */
  labels: 'all' | 'selected' | 'none';
  /** Opacity of masks, 0 to 1. */
  maskOpacity: number;
  /** For viewing only: 1 leaves the image as it is. */
  brightness: number;
  contrast: number;
  /** All annotations out of sight, to look at the image. */
  hideAll: boolean;
}

export const defaultSettings: EditorSettings = {
  brushRadius: 12, noOverlap: false, paintMode: 'continue', labels: 'all', maskOpacity: 0.45, brightness: 1, contrast: 1, hideAll: false,
};

export const BRUSH_RADIUS = { min: 0.5, max: 500 } as const;

/** The next size up or down: steps of a fifth, at least half a pixel. */
export function stepBrush(radius: number, direction: 1 | -1): number {
  const step = Math.max(0.5, Math.round(radius * 0.2 * 2) / 2);
  return Math.min(BRUSH_RADIUS.max, Math.max(BRUSH_RADIUS.min, Math.round((radius + direction * step) * 2) / 2));
}

/** Settings read from storage, whatever is there; what does not fit is left at its default. */
export function restoreSettings(stored: unknown): EditorSettings {
  if (typeof stored !== 'object' || stored === null) return defaultSettings;
  const s = stored as Record<string, unknown>;
  const number = (key: keyof EditorSettings, low: number, high: number) => {
    const value = s[key];
    return typeof value === 'number' && value >= low && value <= high ? value : (defaultSettings[key] as number);
  };
  return {
    ...defaultSettings,
    brushRadius: number('brushRadius', BRUSH_RADIUS.min, BRUSH_RADIUS.max),
    maskOpacity: number('maskOpacity', 0.05, 1),
    noOverlap: s.noOverlap === true,
    paintMode: s.paintMode === 'new' ? 'new' : 'continue',
    labels: s.labels === 'selected' || s.labels === 'none' ? s.labels : 'all',
  };
}
