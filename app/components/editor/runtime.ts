/** What outlives an item: the journal, the outbox of each person, the clipboard, and how one works. */
import { Clipboard, Journal, Outbox, restoreSettings, type EditorSettings, type ToolId } from '@/lib/editor';
import { BrowserPredictor } from '@/models/browser/predict';
import { onStreamEvent } from '../../lib/events';
import { transport } from './transport';

export const journal = new Journal();
export const clipboard = new Clipboard();

/** The tool in hand goes along from item to item; who comes from elsewhere begins by selecting. */
export const toolInHand: { id: ToolId } = { id: 'select' };

/** Runs models on the open image; the one that ran last stays ready for the next item. */
export const browserModels = new BrowserPredictor();
/** By project: the model that is asked for suggestions, where it is not the current one. */
export const modelInHand = new Map<string, string>();

const outboxes = new Map<string, Outbox>();

/** The outbox of this person; it goes on sending when the page moves to another item. */
export function outboxOf(userId: string): Outbox {
  let outbox = outboxes.get(userId);
  if (outbox) return outbox;
  // Someone else signed in: what the one before made waits in the journal until they are back.
  for (const other of outboxes.values()) other.close();
  outboxes.clear();
  outbox = new Outbox(journal, transport, userId);
  outboxes.set(userId, outbox);
  const made = outbox;
  const kick = () => made.kick();
  window.addEventListener('online', kick);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && kick());
  // The event stream is back before a long back-off has passed.
  onStreamEvent(() => {
    const { state } = made.status.get();
    if (state === 'offline' || state === 'signed-out') kick();
  });
  void outbox.readRefused();
  outbox.kick();
  return outbox;
}

const SETTINGS = 'fieldmark.editor.settings';
export function loadSettings(): EditorSettings {
  try {
    return restoreSettings(JSON.parse(localStorage.getItem(SETTINGS) ?? 'null'));
  } catch {
    return restoreSettings(null);
  }
}
export function saveSettings(settings: EditorSettings): void {
  remember(SETTINGS, JSON.stringify(settings));
}

/** Small things that the browser remembers: for everything, or for a project (the class in hand, the threshold, the panel). */
export function recallHere(key: string): string | null {
  try {
    return localStorage.getItem(`fieldmark.editor.${key}`);
  } catch {
    return null;
  }
}
export const rememberHere = (key: string, value: string): void => remember(`fieldmark.editor.${key}`, value);
export const recall = (project: string, key: string): string | null => recallHere(`${project}.${key}`);
export const rememberFor = (project: string, key: string, value: string): void => rememberHere(`${project}.${key}`, value);
function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // No space, or switched off: it is forgotten with the page.
  }
}
