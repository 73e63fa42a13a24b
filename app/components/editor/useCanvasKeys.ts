'use client';
import { useEffect } from 'react';
import type { EditorInput } from '@/lib/editor';

const interactive = 'button, a[href], input, select, textarea, [role="option"], [role="slider"], [role="tab"], [role="menuitem"], [role="separator"]';
/** Keys that also work what has the focus: they are the canvas's only when nothing else has it. */
const shared = new Set(['Tab', 'Enter', ' ', 'ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown']);

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === 'TEXTAREA' || target.tagName === 'SELECT') return true;
  if (!(target instanceof HTMLInputElement) || ['checkbox', 'radio', 'button', 'range'].includes(target.type)) return false;
  // A list to choose from is an input that cannot be written into: it hears keys while its options are open.
  return !target.readOnly || target.getAttribute('aria-expanded') === 'true';
}
/** A dialog or menu that is open hears the keys first; closed ones may still be in the page, out of sight. */
function covered(): boolean {
  return [...document.querySelectorAll('[role="dialog"], [role="menu"]')].some((element) => element.checkVisibility());
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
