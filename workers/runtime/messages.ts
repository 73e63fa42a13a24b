/** Worker to child. `cancel`: a person asked for it. `stop`: the worker ends, the job is to go on later. */
export type ToChild = { type: 'cancel' } | { type: 'stop' };

/** Exit code of a child that was told to stop and left its job unfinished. */
export const EXIT_STOPPED = 75;
/** How long a child may take to react before it is killed. At a stop it may have a checkpoint to store. */
export const GRACE_MS: Record<ToChild['type'], number> = { cancel: 2000, stop: 5000 };
