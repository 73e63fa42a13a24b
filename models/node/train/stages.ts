/** How much of a network learns when: from its head to the whole of it, as far as the labelled images carry. */

/** A part of a run. Stages follow one another; each trains what the ones before it trained, or more. */
export interface Stage {
  /** How many of the backbone's blocks learn, counted from the last; the head always does. */
  blocks: number;
  /** Share of the whole run. */
  share: number;
  /** Factor on the learning rate of the backbone. */
  backboneRate: number;
  /** What the frozen part gives is kept on disk, for a few variants of each image. */
  keeps: boolean;
  /** For people. */
  title: string;
}

export const depths = ['head', 'partial', 'full'] as const;
/** What learns in the end: the head alone, the last third of the backbone too, or all of it. */
export type Depth = (typeof depths)[number];

/** Below these numbers of labelled training images the head alone, or the head and the last blocks, learn. */
const HEAD_BELOW = 40;
const PARTIAL_BELOW = 150;

/**
 * The depth that suits a number of labelled training images, and why. A backbone without trained weights has nothing
 * worth keeping: all of it learns.
 */
export function chooseDepth(images: number, trained: boolean): { depth: Depth; why: string } {
  if (!trained) return { depth: 'full', why: 'All layers are trained: this backbone begins without trained weights.' };
  if (images < HEAD_BELOW) return { depth: 'head', why: `Only the head is trained, on features of the trained backbone that are computed once: ${images} labelled images are too few to improve on them (${HEAD_BELOW} and more would unfreeze the last blocks).` };
  if (images < PARTIAL_BELOW) return { depth: 'partial', why: `The head is trained first, then the last third of the backbone too: right for ${HEAD_BELOW} to ${PARTIAL_BELOW - 1} labelled images, and there are ${images}.` };
  return { depth: 'full', why: `The head is trained first, then the last third of the backbone, then all of it: ${images} labelled images are enough for that.` };
}

/** Trained layers learn so many times slower than new ones: they are to be bent, not forgotten. */
const BACKBONE_RATE = 0.1;

/** The stages of a run to a depth. `blocks`: how many the backbone has. */
export function stagesOf(depth: Depth, trained: boolean, blocks: number): Stage[] {
  if (!trained) return [{ blocks, share: 1, backboneRate: 1, keeps: false, title: 'all layers' }];
  const third = Math.max(1, Math.ceil(blocks / 3));
  // Keeping pays where few images are seen often: not in the short first stages of a run that goes on to all layers.
  const head = { blocks: 0, backboneRate: BACKBONE_RATE, keeps: depth !== 'full', title: depth === 'full' ? 'the head' : 'the head, on kept features' };
  const part = { blocks: third, backboneRate: BACKBONE_RATE, keeps: depth !== 'full', title: 'the head and the last third of the backbone' };
  const all = { blocks, backboneRate: BACKBONE_RATE, keeps: false, title: 'all layers' };
  if (depth === 'head') return [{ ...head, share: 1 }];
  if (depth === 'partial') return [{ ...head, share: 0.4 }, { ...part, share: 0.6 }];
  return [{ ...head, share: 0.1 }, { ...part, share: 0.1 }, { ...all, share: 0.8 }];
}

/** Where a stage lies in the run, as shares of it. */
export function spanOf(stages: readonly Stage[], index: number): { from: number; to: number } {
  const from = stages.slice(0, index).reduce((sum, { share }) => sum + share, 0);
  return { from, to: index === stages.length - 1 ? 1 : from + stages[index]!.share };
}
