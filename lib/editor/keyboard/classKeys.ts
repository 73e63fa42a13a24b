/** Keys that pick classes: from the label schema, where no action has them. */
import type { LabelClass, LabelSchema } from '@/lib/core/labels';
import { actions, type Action } from './actions';

const taken = new Map<string, Action>();
for (const action of actions) for (const key of action.keys) if (!taken.has(key)) taken.set(key, action);

/** The action that has this key already, or null when a class may have it. */
export function actionWithKey(key: string): Action | null {
  return taken.get(key) ?? null;
}

export interface ClassKeys {
  byKey: ReadonlyMap<string, LabelClass>;
  byClass: ReadonlyMap<string, string>;
  /** Classes whose key is an action's: the action keeps it. */
  conflicts: readonly { cls: LabelClass; key: string; action: Action }[];
}

/**
 * The key of each class: its own where it has one that is free; the first nine of the rest get the digits left over, so that
 * a schema without keys is quick as well.
 */
export function classKeys(schema: LabelSchema): ClassKeys {
  const byKey = new Map<string, LabelClass>();
  const byClass = new Map<string, string>();
  const conflicts: { cls: LabelClass; key: string; action: Action }[] = [];
  for (const cls of schema.classes) {
    if (!cls.hotkey) continue;
    const action = actionWithKey(cls.hotkey);
    if (action) conflicts.push({ cls, key: cls.hotkey, action });
    else if (!byKey.has(cls.hotkey)) {
      byKey.set(cls.hotkey, cls);
      byClass.set(cls.id, cls.hotkey);
    }
  }
  const free = ['1', '2', '3', '4', '5', '6', '7', '8', '9'].filter((d) => !byKey.has(d));
  for (const cls of schema.classes) {
    if (byClass.has(cls.id)) continue;
    const digit = free.shift();
    if (!digit) break;
    byKey.set(digit, cls);
    byClass.set(cls.id, digit);
  }
  return { byKey, byClass, conflicts };
}

/** The classes whose name has this in it: those that begin with it first, then those in which a word does. */
export function findClasses(schema: LabelSchema, typed: string): LabelClass[] {
  const wanted = typed.trim().toLowerCase();
  const rank = ({ name }: LabelClass) => {
    const text = name.toLowerCase();
    const at = text.indexOf(wanted);
    return at <= 0 ? at : /[\p{L}\p{N}]/u.test(text[at - 1]!) ? 2 : 1;
  };
  return schema.classes.map((cls) => ({ cls, rank: rank(cls) })).filter((c) => c.rank >= 0).sort((a, b) => a.rank - b.rank).map((c) => c.cls);
}

/** Single letters and digits that actions have, with what they do: no class can have them. */
export const reservedKeys: ReadonlyMap<string, string> = new Map([...taken].filter(([key]) => /^[a-z0-9]$/.test(key)).map(([key, action]) => [key, action.name]));
