/** Signing in and out. The session is a cookie that better-auth sets; nothing is kept by the page. */
import { AppError } from '@/lib/api/errors';
import { announceSignedOut } from './events';

async function post(path: string, body: unknown): Promise<Response> {
  try {
    return await fetch(`/api/auth${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), credentials: 'same-origin' });
  } catch (error) {
    throw new AppError('unavailable', 'The server cannot be reached. Check that Fieldmark is running and that you are connected.', { cause: error });
  }
}

/** @throws AppError that says what to do */
export async function signIn(email: string, password: string): Promise<void> {
  const response = await post('/sign-in/email', { email: email.trim().toLowerCase(), password, rememberMe: true });
  if (response.ok) return;
  if (response.status === 429) throw new AppError('too-many-requests', 'Too many attempts. Wait a minute, then try again.');
  if (response.status >= 500) throw new AppError('internal', 'The server could not check the password. Look at the terminal where Fieldmark runs, and try again.');
  if (response.status === 403) {
    const answer = (await response.json().catch(() => null)) as { message?: string; detail?: string } | null;
    throw new AppError('forbidden', answer?.detail ?? `This address is not one Fieldmark was started for (${answer?.message ?? 'refused'}). Open the address that it printed, or set FIELDMARK_URL to this one.`);
  }
  throw new AppError('invalid', 'Email or password is not right. Check both; an owner can make a link with which you set a new password.');
}

export async function signOut(): Promise<void> {
  const response = await post('/sign-out', {});
  if (!response.ok) throw new AppError('internal', `Signing out failed (${response.status}). Try again.`);
  announceSignedOut();
}
