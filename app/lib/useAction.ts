'use client';
import { useRef } from 'react';
import { useMutation, useQueryClient, type UseMutationResult } from '@tanstack/react-query';
import { newKey, notifyDone, notifyError } from './api';

interface ActionOptions<V, R> {
  /** Gets a key that stays the same while the same input is tried again, so that a retry never creates twice. */
  run: (input: V, idempotencyKey: string) => Promise<R>;
  /** What did not happen, for the notification: "Project not created". Null: the caller shows the error itself. */
  failed: string | null;
  /** Said when it worked. */
  done?: string | ((result: R, input: V) => string | undefined);
  /** Key prefixes that the action makes old. */
  invalidates?: (result: R, input: V) => readonly (readonly unknown[])[];
  onDone?: (result: R, input: V) => void;
  onFailed?: (error: Error, input: V) => void;
}

/** One thing a person does to the server: with its key, its failure told, and what it makes old. */
export function useAction<V = void, R = unknown>(options: ActionOptions<V, R>): UseMutationResult<R, Error, V> {
  const client = useQueryClient();
  const held = useRef<{ input: string; key: string } | null>(null);
  return useMutation<R, Error, V>({
    mutationFn: (input) => {
      const text = JSON.stringify(input) ?? '';
      if (held.current?.input !== text) held.current = { input: text, key: newKey() };
      return options.run(input, held.current.key);
    },
    onSuccess: (result, input) => {
      held.current = null;
      for (const queryKey of options.invalidates?.(result, input) ?? []) void client.invalidateQueries({ queryKey });
      const done = typeof options.done === 'function' ? options.done(result, input) : options.done;
      if (done) notifyDone(done);
      options.onDone?.(result, input);
    },
    onError: (error, input) => {
      if (options.failed) notifyError(options.failed, error);
      options.onFailed?.(error, input);
    },
  });
}
