/** Who may do what. Every route names one permission; a role is a set of them; a token's scopes narrow its user's role. */
import { z } from 'zod';

export const roles = ['owner', 'manager', 'reviewer', 'labeler', 'viewer'] as const;
export const role = z.enum(roles);
export type Role = z.infer<typeof role>;

export const permissions = [
  /** No sign-in: health, sign-in, set-up. */
  'public',
  /** Any signed-in person, about themselves. */
  'self',
  'workspace.view',
  'workspace.manage',
  'project.view',
  'project.manage',
  'data.import',
  'data.export',
  'label',
  'review',
  'train',
] as const;
export type Permission = (typeof permissions)[number];

const viewer: Permission[] = ['public', 'self', 'workspace.view', 'project.view'];
const labeler: Permission[] = [...viewer, 'label'];
const reviewer: Permission[] = [...labeler, 'review'];
const manager: Permission[] = [...reviewer, 'project.manage', 'data.import', 'data.export', 'train'];
const owner: Permission[] = [...manager, 'workspace.manage'];

export const rolePermissions: Record<Role, readonly Permission[]> = { viewer, labeler, reviewer, manager, owner };

/** Scopes of an API token: a permission each, `*` for all that its user may do. */
export const tokenScope = z.union([z.literal('*'), z.enum(permissions)]);
export type TokenScope = z.infer<typeof tokenScope>;

export function may(roleOf: Role, permission: Permission, scopes: readonly TokenScope[] = ['*']): boolean {
  if (permission === 'public') return true;
  return rolePermissions[roleOf].includes(permission) && (scopes.includes('*') || scopes.includes(permission) || permission === 'self');
}
