/**
 * Keys in writing: `b`, `Shift+A`, `Mod+Z`, `ArrowLeft`, `?`. `Mod` is Ctrl, on a Mac Command. Shift is written for letters
 * and named keys only: `?` and `+` are what is typed, wherever the keyboard has them.
 */
import type { KeyInput } from '../tools/Tool';

export interface KeyEventLike {
  key: string;
  /** The key's place on the keyboard: `Digit1`, `KeyA`. */
  code?: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  repeat?: boolean;
}

export function keyInputOf(event: KeyEventLike): KeyInput {
  const typed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // With alt, some systems type another character.
  const key = event.altKey ? (digitOf(event) ?? typed) : typed;
  return { key, shift: event.shiftKey, alt: event.altKey, mod: event.ctrlKey || event.metaKey, repeat: event.repeat ?? false };
}

/** The digit on the key, whatever shift or alt make of it. */
export function digitOf(event: KeyEventLike): string | null {
  return /^Digit(\d)$/.exec(event.code ?? '')?.[1] ?? null;
}

const isLetter = (key: string) => /^\p{L}$/u.test(key);

/** The chord of a key event, in canonical writing. */
export function chordOf({ key, shift, alt, mod }: KeyInput): string {
  const named = key.length > 1 || key === ' ' || isLetter(key);
  return [mod && 'Mod', alt && 'Alt', shift && named && 'Shift', key === ' ' ? 'Space' : isLetter(key) ? key.toLowerCase() : key].filter(Boolean).join('+');
}

/** A chord as people read it; `Mod` by the name it has on their keyboard. */
export function chordLabel(chord: string, mac: boolean): string {
  const names: Record<string, string> = { Mod: mac ? '⌘' : 'Ctrl', Alt: mac ? '⌥' : 'Alt', Shift: mac ? '⇧' : 'Shift', ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Delete: 'Del', Escape: 'Esc', PageUp: 'Page Up', PageDown: 'Page Down', Backspace: '⌫' };
  // A chord may end in the plus sign itself.
  const parts = chord.endsWith('++') ? [...chord.slice(0, -2).split('+'), '+'] : chord === '+' ? ['+'] : chord.split('+');
  return parts.map((p) => names[p] ?? (isLetter(p) ? p.toUpperCase() : p)).join(mac ? '' : '+');
}
