import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSetupLink } from '@/lib/server/auth/links';
import { hashPassword } from '@/lib/server/auth/password';
import { ensureLocalCliToken } from '@/lib/server/auth/tokens';
import { createResetLink } from '@/lib/server/services/people';
import { clientWith, HOST, PASSWORD, send, signIn, startApi, type TestApi } from './testing/api';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const nobody = clientWith();

describe('set-up', () => {
  it('makes one owner of many who come at once with a good token', async () => {
    await api.db.membership.updateMany({ data: { role: 'viewer' } });
    const token = await createSetupLink(api.db);
    expect(await nobody.setupState({ query: { token } })).toEqual({ needsOwner: true, tokenValid: true });
    expect(await nobody.setupState({ query: { token: 'x'.repeat(40) } })).toEqual({ needsOwner: true, tokenValid: false });
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => nobody.setup({ body: { token, name: `Owner ${i}`, email: `racer${i}@example.org`, password: PASSWORD, workspace: 'Race' } })),
    );
    expect(tries.filter((t) => t.status === 'fulfilled')).toHaveLength(1);
    for (const t of tries) if (t.status === 'rejected') expect(t.reason).toMatchObject({ code: 'gone' });
    expect(await api.db.membership.count({ where: { role: 'owner' } })).toBe(1);
    expect(await api.db.user.count({ where: { email: { startsWith: 'racer' } } })).toBe(1);
    expect(await nobody.setupState({ query: { token } })).toEqual({ needsOwner: false, tokenValid: false });
    await api.db.membership.deleteMany({ where: { role: 'owner' } });
    await api.db.membership.updateMany({ where: { userId: api.owner.id }, data: { role: 'owner' } });
  });

  it('replaces the link of the start before', async () => {
    await api.db.membership.updateMany({ where: { userId: api.owner.id }, data: { role: 'viewer' } });
    const first = await createSetupLink(api.db);
    const second = await createSetupLink(api.db);
    expect((await nobody.setupState({ query: { token: first } })).tokenValid).toBe(false);
    expect((await nobody.setupState({ query: { token: second } })).tokenValid).toBe(true);
    await api.db.membership.updateMany({ where: { userId: api.owner.id }, data: { role: 'owner' } });
  });

  it('writes the token file of the command line, readable by its owner alone, and again when its token is gone', async () => {
    const file = path.join(api.dataDir, 'cli-token');
    const secret = (await readFile(file, 'utf8')).trim();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await clientWith(secret).me({})).role).toBe('owner');
    expect(await ensureLocalCliToken(api.db, api.dataDir)).toBe(file);
    expect((await readFile(file, 'utf8')).trim()).toBe(secret);
    await api.db.apiToken.updateMany({ where: { name: 'Command line of the server' }, data: { revokedAt: new Date() } });
    await ensureLocalCliToken(api.db, api.dataDir);
    const next = (await readFile(file, 'utf8')).trim();
    expect(next).not.toBe(secret);
    expect((await clientWith(next).me({})).role).toBe('owner');
  });
});

describe('signing in', () => {
  it('works on plain http under any name, with a cookie that is not marked secure', async () => {
    const response = await send('/api/auth/sign-in/email', { method: 'POST', json: { email: 'owner@example.org', password: PASSWORD }, headers: { origin: HOST } });
    expect(response.status).toBe(200);
    const [cookie] = response.headers.getSetCookie();
    expect(cookie).toMatch(/^fieldmark\.session_token=/);
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).not.toMatch(/secure/i);
    const me = await send('/api/v1/me', { cookie: cookie!.split(';')[0] });
    expect(await me.json()).toMatchObject({ user: { email: 'owner@example.org' }, workspace: { name: 'Lab' }, role: 'owner', secureCookies: false });
  });

  it('refuses a wrong password, a stranger, sign-up, and what better-auth has besides', async () => {
    await expect(signIn('owner@example.org', 'not the password')).rejects.toThrow('401');
    await expect(signIn('nobody@example.org')).rejects.toThrow('401');
    for (const endpoint of ['sign-up/email', 'update-user', 'delete-user', 'request-password-reset', 'ok']) {
      const response = await send(`/api/auth/${endpoint}`, { method: 'POST', json: { name: 'M', email: 'm@example.org', password: PASSWORD }, headers: { origin: HOST } });
      expect(response.status, endpoint).toBe(404);
    }
  });

  it('refuses a sign-in sent by the page of another site', async () => {
    const response = await send('/api/auth/sign-in/email', { method: 'POST', json: { email: 'owner@example.org', password: PASSWORD }, headers: { origin: 'http://evil.test' } });
    expect(response.status).toBe(403);
  });

  it('ends with sign-out, and with being taken out of the workspace', async () => {
    const cookie = await signIn('owner@example.org');
    expect((await send('/api/auth/sign-out', { method: 'POST', cookie, json: {}, headers: { origin: HOST } })).status).toBe(200);
    expect((await send('/api/v1/me', { cookie })).status).toBe(401);

    const { url } = await api.owner.api.invite({ body: { role: 'labeler' } });
    await nobody.acceptInvitation({ body: { token: new URL(url).searchParams.get('token')!, name: 'Lara', email: 'Lara@Example.org', password: PASSWORD } });
    const lara = await signIn('lara@example.org');
    expect((await send('/api/v1/me', { cookie: lara })).status).toBe(200);
    const member = (await api.owner.api.members({})).items.find((m) => m.email === 'lara@example.org')!;
    expect(member).toMatchObject({ role: 'labeler', name: 'Lara' });
    await api.owner.api.removeMember({ params: { id: member.id } });
    expect((await send('/api/v1/me', { cookie: lara })).status).toBe(401);
    await expect(signIn('lara@example.org')).rejects.toThrow('403');
  });
});

describe('cross-site requests', () => {
  const rename = (headers: Record<string, string>, cookie: string) => send('/api/v1/me', { method: 'PATCH', cookie, json: { name: 'Olga' }, headers });

  it('are refused for cookies by Origin on plain http, and by Sec-Fetch-Site', async () => {
    const cookie = await signIn('owner@example.org');
    expect((await rename({ origin: HOST }, cookie)).status).toBe(204);
    expect((await rename({ 'sec-fetch-site': 'same-origin' }, cookie)).status).toBe(204);
    expect((await rename({ origin: 'https://fieldmark.test' }, cookie)).status).toBe(204); // a proxy that ends TLS
    for (const headers of [{ origin: 'http://evil.test' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site', origin: 'http://evil.test' }, { 'sec-fetch-site': 'same-site' }, { origin: 'http://fieldmark.test:8080' }, {}]) {
      const response = await rename(headers as Record<string, string>, cookie);
      expect(response.status, JSON.stringify(headers)).toBe(403);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
    }
    expect((await send('/api/v1/me', { cookie, headers: { origin: 'http://evil.test' } })).status).toBe(200); // reading is the browser's to guard
  });

  it('do not concern API tokens', async () => {
    expect((await send('/api/v1/me', { method: 'PATCH', token: api.owner.token, json: { name: 'Olga' } })).status).toBe(204);
  });
});

describe('invitations and password links', () => {
  it('let one person in, once, for the address they are made for', async () => {
    const made = await api.owner.api.invite({ body: { role: 'reviewer', email: 'Rita@example.org' } });
    const token = new URL(made.url).searchParams.get('token')!;
    expect(made).toMatchObject({ role: 'reviewer', email: 'rita@example.org', usedAt: null });
    expect(made.url.startsWith(`${HOST}/join?token=`)).toBe(true);
    expect(await nobody.lookupInvitation({ query: { token } })).toEqual({ kind: 'invite', workspace: 'Lab', role: 'reviewer', email: 'rita@example.org' });
    const join = (email: string) => nobody.acceptInvitation({ body: { token, name: 'Rita', email, password: PASSWORD } });
    await expect(join('other@example.org')).rejects.toMatchObject({ code: 'invalid' });
    const tries = await Promise.allSettled([join('rita@example.org'), join('rita@example.org'), join('rita@example.org')]);
    expect(tries.filter((t) => t.status === 'fulfilled')).toHaveLength(1);
    await expect(nobody.lookupInvitation({ query: { token } })).rejects.toMatchObject({ code: 'gone' });
    expect((await api.owner.api.invitations({})).items.find((i) => i.id === made.id)!.usedAt).not.toBeNull();
    await signIn('rita@example.org');
  });

  it('do not hand the account of someone taken out to whoever names their address', async () => {
    const rita = (await api.owner.api.members({})).items.find((m) => m.email === 'rita@example.org')!;
    await api.owner.api.removeMember({ params: { id: rita.id } });
    const open = await api.owner.api.invite({ body: { role: 'viewer' } });
    const join = (url: string) => nobody.acceptInvitation({ body: { token: new URL(url).searchParams.get('token')!, name: 'Rita', email: 'rita@example.org', password: 'another password' } });
    await expect(join(open.url)).rejects.toMatchObject({ code: 'conflict' });
    const own = await api.owner.api.invite({ body: { role: 'viewer', email: 'rita@example.org' } });
    await join(own.url);
    await signIn('rita@example.org', 'another password');
  });

  it('withdrawn or expired are good for nothing', async () => {
    const made = await api.owner.api.invite({ body: { role: 'viewer' } });
    await api.owner.api.revokeInvitation({ params: { id: made.id } });
    await expect(nobody.lookupInvitation({ query: { token: new URL(made.url).searchParams.get('token')! } })).rejects.toMatchObject({ code: 'gone' });
    const late = await api.owner.api.invite({ body: { role: 'viewer' } });
    await api.db.oneTimeLink.update({ where: { id: late.id }, data: { expiresAt: new Date(Date.now() - 1000) } });
    await expect(nobody.lookupInvitation({ query: { token: new URL(late.url).searchParams.get('token')! } })).rejects.toMatchObject({ code: 'gone' });
  });

  it('set a new password, end the sessions, and are replaced by the next link', async () => {
    const cookie = await signIn('owner@example.org');
    const first = await createResetLink(api.db, 'Owner@example.org');
    const second = await createResetLink(api.db, 'owner@example.org');
    await expect(nobody.resetPassword({ body: { token: first.token, password: 'a new password' } })).rejects.toMatchObject({ code: 'gone' });
    expect(await nobody.resetPassword({ body: { token: second.token, password: 'a new password' } })).toEqual({ email: 'owner@example.org' });
    expect((await send('/api/v1/me', { cookie })).status).toBe(401);
    await expect(signIn('owner@example.org')).rejects.toThrow('401');
    await signIn('owner@example.org', 'a new password');
    await expect(createResetLink(api.db, 'nobody@example.org')).rejects.toMatchObject({ code: 'not-found' });
    const back = await createResetLink(api.db, 'owner@example.org');
    await nobody.resetPassword({ body: { token: back.token, password: PASSWORD } });
  });

  it('are not needed by who knows the current password: other browsers are signed out, this one is not', async () => {
    const me = await api.person('labeler');
    await api.db.account.create({ data: { id: uuidv7(), userId: me.id, accountId: me.id, providerId: 'credential', password: await hashPassword(PASSWORD) } });
    const [here, elsewhere] = [await signIn(me.email), await signIn(me.email)];
    const open = await createResetLink(api.db, me.email);
    const change = (json: object, more: object = { cookie: here, headers: { origin: HOST } }) => send('/api/v1/me/password', { method: 'POST', json, ...more });
    const wrong = await change({ current: 'not my password', password: 'a new password' });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ code: 'invalid', errors: [{ path: 'current' }] });
    expect((await change({ current: PASSWORD, password: 'short' })).status).toBe(400);
    expect((await change({ current: PASSWORD, password: 'a new password' }, { cookie: here, headers: { origin: 'http://elsewhere.test' } })).status).toBe(403);
    expect((await change({ current: PASSWORD, password: 'a new password' })).status).toBe(204);
    expect((await send('/api/v1/me', { cookie: here })).status).toBe(200);
    expect((await send('/api/v1/me', { cookie: elsewhere })).status).toBe(401);
    await expect(signIn(me.email)).rejects.toThrow('401');
    await signIn(me.email, 'a new password');
    await expect(nobody.resetPassword({ body: { token: open.token, password: 'yet another one' } })).rejects.toMatchObject({ code: 'gone' });
    const narrow = await me.api.createToken({ body: { name: 'narrow', scopes: ['label'] } });
    await expect(clientWith(narrow.secret).changePassword({ body: { current: 'a new password', password: PASSWORD } })).rejects.toMatchObject({ code: 'forbidden' });
    const answers = [];
    for (let i = 0; i < 12; i++) answers.push((await change({ current: `guess number ${i}`, password: 'a new password' })).status);
    expect(answers.at(-1)).toBe(429);
  });

  it('slow down who tries tokens', async () => {
    const guess = () => nobody.lookupInvitation({ query: { token: 'guess'.repeat(8) } }).catch((e: { code: string }) => e.code);
    const answers = [];
    for (let i = 0; i < 40; i++) answers.push(await guess());
    expect(answers.at(-1)).toBe('too-many-requests');
  });
});

describe('members', () => {
  it('always have an owner', async () => {
    const { items } = await api.owner.api.members({ query: { limit: 500 } });
    const olga = items.find((m) => m.userId === api.owner.id)!;
    await expect(api.owner.api.updateMember({ params: { id: olga.id }, body: { role: 'manager' } })).rejects.toMatchObject({ code: 'conflict' });
    await expect(api.owner.api.removeMember({ params: { id: olga.id } })).rejects.toMatchObject({ code: 'conflict' });
    const other = await api.person('owner');
    const otherRow = (await api.owner.api.members({ query: { limit: 500 } })).items.find((m) => m.userId === other.id)!;
    // Two owners who demote each other at once: one stays.
    const both = await Promise.allSettled([api.owner.api.updateMember({ params: { id: otherRow.id }, body: { role: 'viewer' } }), other.api.updateMember({ params: { id: olga.id }, body: { role: 'viewer' } })]);
    expect(both.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
    expect(await api.db.membership.count({ where: { role: 'owner', removedAt: null } })).toBe(1);
    await api.db.membership.updateMany({ where: { userId: api.owner.id }, data: { role: 'owner' } });
  });

  it('of another workspace do not exist, nor do their invitations', async () => {
    const { id: workspaceId } = await api.db.workspace.create({ data: { id: uuidv7(), name: 'Elsewhere' } });
    const user = await api.db.user.create({ data: { id: uuidv7(), name: 'Far', email: 'far@example.org' } });
    const { id } = await api.db.membership.create({ data: { id: uuidv7(), workspaceId, userId: user.id, role: 'viewer' } });
    const link = await api.db.oneTimeLink.create({ data: { id: uuidv7(), kind: 'invite', tokenHash: 'x', workspaceId, role: 'viewer', expiresAt: new Date(Date.now() + 1e6) } });
    const { api: owner } = api.owner;
    const attempts = [() => owner.updateMember({ params: { id }, body: { role: 'owner' } }), () => owner.removeMember({ params: { id } }), () => owner.resetLink({ params: { id } }), () => owner.revokeInvitation({ params: { id: link.id } })];
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toMatchObject({ code: 'not-found' });
    }
    expect((await owner.members({ query: { limit: 500 } })).items.map((m) => m.id)).not.toContain(id);
    expect((await owner.invitations({ query: { limit: 500 } })).items.map((l) => l.id)).not.toContain(link.id);
  });

  it('come page by page', async () => {
    const all = (await api.owner.api.members({ query: { limit: 500 } })).items.map((m) => m.id);
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await api.owner.api.members({ query: { limit: 2, cursor } });
      expect(page.items.length).toBeLessThanOrEqual(2);
      paged.push(...page.items.map((m) => m.id));
      cursor = page.next ?? undefined;
    } while (cursor);
    expect(paged).toEqual(all);
    await expect(api.owner.api.members({ query: { cursor: 'not-a-cursor' } })).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('API tokens', () => {
  it('may what their scopes and their person may, and no more', async () => {
    const { secret } = await api.owner.api.createToken({ body: { name: 'reader', scopes: ['project.view', 'workspace.view'] } });
    const reader = clientWith(secret);
    await reader.projects({});
    await expect(reader.createProject({ body: { name: 'P' } })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(reader.createToken({ body: { name: 'more', scopes: ['*'] } })).rejects.toMatchObject({ code: 'forbidden' });
    await reader.createToken({ body: { name: 'same', scopes: ['project.view'] } });
    const viewer = await api.person('viewer', ['*']);
    await expect(viewer.api.createProject({ body: { name: 'P' } })).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('are seen without their secret, note their use, expire and can be revoked', async () => {
    const made = await api.owner.api.createToken({ body: { name: 'temporary', scopes: ['*'], days: 1 } });
    expect(made.secret).toMatch(/^fm_[\w-]{43}$/);
    const stored = await api.db.apiToken.findUniqueOrThrow({ where: { id: made.id } });
    expect(JSON.stringify(stored)).not.toContain(made.secret.slice(3));
    await clientWith(made.secret).me({});
    const listed = (await api.owner.api.tokens({})).items.find((t) => t.id === made.id)!;
    expect(listed.lastUsedAt).not.toBeNull();
    expect(listed).not.toHaveProperty('secret');
    await api.owner.api.revokeToken({ params: { id: made.id } });
    await expect(clientWith(made.secret).me({})).rejects.toMatchObject({ code: 'unauthenticated' });
    const late = await api.owner.api.createToken({ body: { name: 'late', scopes: ['*'], days: 1 } });
    await api.db.apiToken.update({ where: { id: late.id }, data: { expiresAt: new Date(Date.now() - 1) } });
    await expect(clientWith(late.secret).me({})).rejects.toMatchObject({ code: 'unauthenticated' });
    const other = await api.person('labeler');
    await expect(other.api.revokeToken({ params: { id: late.id } })).rejects.toMatchObject({ code: 'not-found' });
  });
});
