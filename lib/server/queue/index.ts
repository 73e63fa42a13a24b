export { createBoss, installQueue, HEARTBEAT_SECONDS, RETRY_LIMIT } from './boss';
export { cancelJob, dispatch, enqueue, enqueueFor, type Dispatch, type EnqueueOptions } from './enqueue';
export { jobKinds, type JobKind, type JobKindContract, type JobPayload } from './kinds';
export { QUEUE_NAMES, type QueueName } from './queues';
