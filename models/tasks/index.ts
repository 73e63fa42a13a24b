/** The registry of tasks. A new one is one folder and one entry. */
import { type TaskName } from '../runtime/card';
import { classify } from './classify';
import { detect } from './detect';
import { landmarks } from './landmarks';
import { localize } from './localize';
import { segment } from './segment';
import { type Task } from './types';

/** A task without the type of its head: who goes by names knows no more than that the task and the card belong together. */
const entry = <Head, Options>(task: Task<Head, Options>): Task => task as unknown as Task;

const registered: Partial<Record<TaskName, Task>> = {
  classify: entry(classify), localize: entry(localize), detect: entry(detect), segment: entry(segment), landmarks: entry(landmarks),
};

/** The task of this name. Throws an Error that lists the known ones. */
export function taskOf(name: TaskName): Task {
  const task = registered[name];
  if (!task) throw new Error(`the task ${name} is unknown; known are ${Object.keys(registered).join(', ')}`);
  return task;
}

export const tasks = (): Task[] => Object.values(registered);
