/** What models learn from labels, as the whole product names it. */
import type { AnnotationKind } from './schema';

/** classify: the class of an image; localize: one object of one class an image, with its box; the rest: every object. */
export const taskNames = ['classify', 'localize', 'detect', 'segment', 'landmarks'] as const;
export type TaskName = (typeof taskNames)[number];

/** The kind of annotation that a task learns from and proposes; null for the class of a whole image, which no annotation tells. */
export const annotationKindOf: Readonly<Record<TaskName, AnnotationKind | null>> = { classify: null, localize: 'box', detect: 'box', segment: 'mask', landmarks: 'landmarks' };

/** Tasks that a project's annotations can be trained on. */
export const projectTasks = ['detect', 'segment', 'landmarks', 'localize'] as const satisfies readonly TaskName[];

/** How weights are moved in training, and how the learning rate goes over a run; the first of each is the usual one. */
export const optimizerNames = ['adamw', 'adam', 'sgd', 'nesterov'] as const;
export type OptimizerName = (typeof optimizerNames)[number];
export const scheduleNames = ['cosine', 'step', 'constant'] as const;
export type ScheduleName = (typeof scheduleNames)[number];

/** How often a model looks at an image: once, also mirrored, or at ten crops (Krizhevsky et al. 2012). */
export const viewings = ['once', 'flip', 'ten-crop'] as const;
export type Viewing = (typeof viewings)[number];

/** The figure by which models of a task are compared, and its name for people. */
export const headlineOf: Readonly<Record<TaskName, { metric: string; title: string; higherIsBetter: boolean }>> = {
  classify: { metric: 'top1', title: 'Accuracy', higherIsBetter: true },
  localize: { metric: 'meanIoU', title: 'Mean IoU', higherIsBetter: true },
  detect: { metric: 'mAP50', title: 'mAP50', higherIsBetter: true },
  segment: { metric: 'mIoU', title: 'Mean IoU', higherIsBetter: true },
  landmarks: { metric: 'nme', title: 'Mean error', higherIsBetter: false },
};

/** In sentences: what a model of the task is, and what it learns from. */
export const modelNoun: Readonly<Record<TaskName, string>> = { classify: 'a classifier', localize: 'a localizer', detect: 'a detector', segment: 'a segmenter', landmarks: 'a landmark model' };
export const kindNouns: Readonly<Record<AnnotationKind, { one: string; many: string }>> = { box: { one: 'a box', many: 'boxes' }, mask: { one: 'a mask', many: 'masks' }, landmarks: { one: 'landmarks', many: 'landmarks' } };
