/**
 * The three queues. `quick`: what a person waits for (seconds). `batch`: imports, exports, pre-labelling (minutes).
 * `train`: training and evaluation (minutes to hours, low CPU priority).
 */
export const QUEUE_NAMES = ['quick', 'batch', 'train'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];
