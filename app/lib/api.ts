/** The typed client of this page's own origin, and what a failed call says to a person. */
import { uuidv7 } from 'uuidv7';
import { notifications } from '@mantine/notifications';
import { createClient } from '@/lib/api/client';
import { AppError } from '@/lib/api/errors';

export const api = createClient();

/** A key under which the server answers a repeated request with the first answer. */
export const newKey = () => uuidv7();

/** What was wrong, where, and what to do; the server's own words where it has some. */
export function describeError(error: unknown): string {
  if (error instanceof AppError) {
    if (error.code === 'unavailable') return 'The server cannot be reached. Check that Fieldmark is running and that you are connected, then try again.';
    return error.message;
  }
  if (error instanceof Error && error.name === 'ZodError') return 'The server answered with something this page does not understand. Reload the page; if it stays, the page and the server are of different versions.';
  return error instanceof Error ? error.message : String(error);
}

export function isCode(error: unknown, code: AppError['code']): error is AppError {
  return error instanceof AppError && error.code === code;
}

/** Shows a failure; `what` says what was being done: "Project not created". */
export function notifyError(what: string, error: unknown): void {
  if (isCode(error, 'unauthenticated')) return; // the session guard leads to the sign-in page
  notifications.show({ color: 'red', title: what, message: describeError(error), autoClose: 10_000, withBorder: true });
}

export function notifyDone(message: string, title?: string): void {
  notifications.show({ color: 'teal', title, message, autoClose: 4_000, withBorder: true });
}
