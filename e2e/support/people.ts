/** Accounts: who signs in, and clients that arrange and check in their name, beside the browser. */
import { request, type APIRequestContext } from '@playwright/test';
import { createClient, type Client } from '@/lib/api/client';
import type { Role } from '@/lib/api/permissions';

export const PASSWORD = 'correct horse battery';
export const OWNER = { name: 'Olga Owner', email: 'owner@example.org', password: PASSWORD, workspace: 'Cell lab' };

export type StorageState = Awaited<ReturnType<APIRequestContext['storageState']>>;
export interface Person {
  name: string;
  email: string;
  /** Cookies of a signed-in browser. */
  state: StorageState;
  token: string;
  /** All that the person may do, without the browser. */
  api: Client;
}

/** Signs in as a browser does, and makes an API token for what the test does beside the browser. */
export async function signInBeside(baseUrl: string, who: { name: string; email: string; password: string }): Promise<Person> {
  const context = await request.newContext({ baseURL: baseUrl, extraHTTPHeaders: { origin: baseUrl } });
  try {
    const entered = await context.post('/api/auth/sign-in/email', { data: { email: who.email, password: who.password, rememberMe: true } });
    if (!entered.ok()) throw new Error(`${who.email} could not sign in at ${baseUrl}: ${entered.status()} ${await entered.text()}`);
    const made = await context.post('/api/v1/tokens', { data: { name: 'browser tests', scopes: ['*'], days: 1 } });
    if (!made.ok()) throw new Error(`No token for ${who.email}: ${made.status()} ${await made.text()}`);
    const { secret } = (await made.json()) as { secret: string };
    return { name: who.name, email: who.email, state: await context.storageState(), token: secret, api: createClient({ baseUrl, token: secret }) };
  } finally {
    await context.dispose();
  }
}

/** The owner: made with the set-up token when nobody is one yet, else only signed in. */
export async function ensureOwner(baseUrl: string, setupToken: string | null): Promise<Person> {
  const anyone = createClient({ baseUrl });
  const { needsOwner } = await anyone.setupState({ query: {} });
  if (needsOwner) {
    if (!setupToken) throw new Error(`${baseUrl} has no owner, and no set-up token is known.`);
    await anyone.setup({ body: { token: setupToken, ...OWNER } });
  }
  return signInBeside(baseUrl, OWNER);
}

/** Someone who joins with an invitation of the owner. */
export async function addPerson(baseUrl: string, owner: Person, role: Exclude<Role, 'owner'>, name: string): Promise<Person> {
  const { url } = await owner.api.invite({ body: { role } });
  const token = new URL(url).searchParams.get('token') ?? '';
  const who = { name, email: `${name.toLowerCase().replace(/\W+/g, '.')}.${Date.now().toString(36)}@example.org`, password: PASSWORD };
  await createClient({ baseUrl }).acceptInvitation({ body: { token, ...who } });
  return signInBeside(baseUrl, who);
}
