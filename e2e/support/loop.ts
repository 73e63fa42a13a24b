/** What the steps of the walk around the loop share. */
import type { Page } from '@playwright/test';
import type { Client } from '@/lib/api/client';
import type { LabelClass } from '@/lib/core/labels';
import type { NAMES } from './cells';
import type { DemoPicture } from './images';
import type { Labelling } from './labelling';

/** So many images are labelled by hand; the model proposes for the rest. */
export const BY_HAND = 6;
/** What is drawn lies within so many pixels of where it was meant. */
export const TOLERANCE = 1.5;

export interface Loop {
  page: Page;
  api: Client;
  hand: Labelling;
  project: string;
  pictures: readonly DemoPicture[];
  classes: Record<keyof typeof NAMES, LabelClass>;
}
