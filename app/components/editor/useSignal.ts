'use client';
import { useSyncExternalStore } from 'react';
import type { Signal } from '@/lib/editor';

/** A signal's value; the component is drawn again when it changes. */
export function useSignal<T>(signal: Signal<T>): T {
  return useSyncExternalStore(signal.subscribe, signal.get, signal.get);
}

const nothing = () => () => undefined;
/** The same for a signal that may not be there. */
export function useMaybeSignal<T>(signal: Signal<T> | null | undefined, fallback: T): T {
  return useSyncExternalStore(signal?.subscribe ?? nothing, signal ? signal.get : () => fallback, signal ? signal.get : () => fallback);
}
