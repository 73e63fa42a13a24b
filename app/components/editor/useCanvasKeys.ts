'use client';
import { useEffect } from 'react';
import type { EditorInput } from '@/lib/editor';

const interactive = 'button, a[href], input, select, textarea, [role="option"], [role="slider"], [role="tab"], [role="menuitem"]';
/** Keys that also work what has the focus: they are the canvas's only when nothing else has it. */
const shared = new Set(['Tab', 'Enter', ' ', 'ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown']);

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.tagName === 'TEXTAREA' || target.tagName === 'SELECT' || (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range'].includes(target.type)));
}
/** A dialog, menu or list that is open hears the keys first. */
function covered(): boolean {
  return document.querySelector('[role="dialog"], [role="menu"], [data-combobox-option]') !== null;
}

/** Brings the page's keys to the editor, except those that are for what has the focus. */
export function useCanvasKeys(input: EditorInput, canvas: React.RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || typing(event.target) || covered()) return;
      const target = event.target as HTMLElement | null;
      const elsewhere = target !== document.body && target !== canvas.current && Boolean(target?.closest(interactive));
      if (elsewhere && shared.has(event.key)) return;
      if (input.keyDown(event)) event.preventDefault();
    };
    const up = (event: KeyboardEvent) => input.keyUp(event);
    const blur = () => input.blur();
    window.addEventListener('keydown', down);
    window.addEventListener('keyup', up);
    window.addEventListener('blur', blur);
    return () => {
      window.removeEventListener('keydown', down);
      window.removeEventListener('keyup', up);
      window.removeEventListener('blur', blur);
    };
  }, [input, canvas]);
}
