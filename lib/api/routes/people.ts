import { z } from 'zod';
import { idParam, isoTime, pageOf, pageQuery, uuid } from '../common';
import { permissions, role, tokenScope } from '../permissions';
import { defineRoute } from '../route';

const personName = z.string().trim().min(1).max(100);
const email = z.email().max(200).transform((s) => s.toLowerCase());
const password = z.string().min(10, 'a password needs at least 10 characters').max(200);
const linkToken = z.string().min(20).max(200);

export const setupState = defineRoute({
  method: 'GET', path: '/setup', permission: 'public', summary: 'Whether an owner exists, and whether this set-up token is good',
  query: z.object({ token: linkToken.optional() }),
  response: z.object({ needsOwner: z.boolean(), tokenValid: z.boolean() }),
});
export const setup = defineRoute({
  method: 'POST', path: '/setup', permission: 'public', summary: 'Create the owner account with the one-time token that the start printed',
  body: z.object({ token: linkToken, name: personName, email, password, workspace: personName.default('My workspace') }),
  response: z.object({ email: z.string() }),
});

export const me = defineRoute({
  method: 'GET', path: '/me', permission: 'self', summary: 'Who I am and what I may do',
  response: z.object({
    user: z.object({ id: uuid, name: z.string(), email: z.string() }),
    workspace: z.object({ id: uuid, name: z.string() }), role, permissions: z.array(z.enum(permissions)), secureCookies: z.boolean(),
  }),
});
export const updateMe = defineRoute({ method: 'PATCH', path: '/me', permission: 'self', summary: 'Change my name', body: z.object({ name: personName }), response: 'empty' });
/** `invalid` with `errors[].path` "current" when the current password is not right. The session of the request goes on; API tokens stay good. */
export const changePassword = defineRoute({ method: 'POST', path: '/me/password', permission: 'self', summary: 'Set a new password by giving the current one; my other sessions end', body: z.object({ current: z.string().min(1).max(200), password }), response: 'empty' });

const member = z.object({ id: uuid, userId: uuid, name: z.string(), email: z.string(), role, joinedAt: isoTime, lastSeenAt: isoTime.nullable() });
export const members = defineRoute({ method: 'GET', path: '/members', permission: 'workspace.view', summary: 'People of the workspace', query: pageQuery, response: pageOf(member) });
export const updateMember = defineRoute({ method: 'PATCH', path: '/members/{id}', permission: 'workspace.manage', summary: 'Change a role', params: idParam, body: z.object({ role }), response: member });
export const removeMember = defineRoute({ method: 'DELETE', path: '/members/{id}', permission: 'workspace.manage', summary: 'Take someone out; their work stays', params: idParam, response: 'empty' });
export const resetLink = defineRoute({
  method: 'POST', path: '/members/{id}/reset-link', permission: 'workspace.manage', summary: 'A one-time link with which this person sets a new password',
  params: idParam, response: z.object({ url: z.string(), expiresAt: isoTime }),
});
export const resetPassword = defineRoute({ method: 'POST', path: '/password-resets', permission: 'public', summary: 'Set a new password with a one-time link', body: z.object({ token: linkToken, password }), response: z.object({ email: z.string() }) });

const invitation = z.object({ id: uuid, role, email: z.string().nullable(), createdAt: isoTime, expiresAt: isoTime, usedAt: isoTime.nullable() });
export const invitations = defineRoute({ method: 'GET', path: '/invitations', permission: 'workspace.manage', summary: 'Open and used invitations', query: pageQuery, response: pageOf(invitation) });
export const invite = defineRoute({
  method: 'POST', path: '/invitations', permission: 'workspace.manage', idempotent: true, summary: 'Make a link that lets one person join with a role',
  body: z.object({ role: role.exclude(['owner']), email: email.optional(), days: z.number().int().min(1).max(90).default(7) }),
  response: invitation.extend({ url: z.string() }),
});
export const revokeInvitation = defineRoute({ method: 'DELETE', path: '/invitations/{id}', permission: 'workspace.manage', summary: 'Withdraw an invitation', params: idParam, response: 'empty' });
export const lookupInvitation = defineRoute({
  method: 'GET', path: '/invitations/lookup', permission: 'public', summary: 'What a link invites to', query: z.object({ token: linkToken }),
  response: z.object({ kind: z.enum(['invite', 'reset', 'setup']), workspace: z.string(), role: role.nullable(), email: z.string().nullable() }),
});
export const acceptInvitation = defineRoute({ method: 'POST', path: '/invitations/accept', permission: 'public', summary: 'Join with a link', body: z.object({ token: linkToken, name: personName, email, password }), response: z.object({ email: z.string() }) });

const token = z.object({ id: uuid, name: z.string(), scopes: z.array(tokenScope), createdAt: isoTime, lastUsedAt: isoTime.nullable(), expiresAt: isoTime.nullable() });
export const tokens = defineRoute({ method: 'GET', path: '/tokens', permission: 'self', summary: 'My API tokens', query: pageQuery, response: pageOf(token) });
export const createToken = defineRoute({
  method: 'POST', path: '/tokens', permission: 'self', summary: 'Make an API token; its secret is shown once',
  body: z.object({ name: personName, scopes: z.array(tokenScope).min(1), days: z.number().int().min(1).max(3650).nullable().default(null) }),
  response: token.extend({ secret: z.string() }),
});
export const revokeToken = defineRoute({ method: 'DELETE', path: '/tokens/{id}', permission: 'self', summary: 'Revoke an API token', params: idParam, response: 'empty' });
