import type * as contract from '@/lib/api/routes/people';
import type { HandlersOf } from '@/lib/server/http/handler';
import { linkBase, originOf } from '@/lib/server/http/origin';
import * as people from '@/lib/server/services/people';

export const peopleHandlers: HandlersOf<typeof contract> = {
  setupState: ({ query }) => people.setupState(query.token),
  setup: ({ body }) => people.setUp(body),
  me: (_, { who, request }) => people.me(who, originOf(request).secure),
  updateMe: ({ body }, { who }) => people.rename(who, body.name),
  changePassword: ({ body }, { who, request }) => people.changePassword(who, body, request),
  members: ({ query }, { who }) => people.members(who, query),
  updateMember: ({ params, body }, { who }) => people.changeRole(who, params.id, body.role),
  removeMember: ({ params }, { who }) => people.removeMember(who, params.id),
  resetLink: ({ params }, { who, request }) => people.resetLinkFor(who, params.id, linkBase(request)),
  resetPassword: ({ body }) => people.resetPassword(body.token, body.password),
  invitations: ({ query }, { who }) => people.invitations(who, query),
  invite: ({ body }, { who, request }) => people.invite(who, body, linkBase(request)),
  revokeInvitation: ({ params }, { who }) => people.revokeInvitation(who, params.id),
  lookupInvitation: ({ query }) => people.lookup(query.token),
  acceptInvitation: ({ body }) => people.acceptInvitation(body),
  tokens: ({ query }, { who }) => people.tokens(who, query),
  createToken: ({ body }, { who }) => people.createToken(who, body),
  revokeToken: ({ params }, { who }) => people.revokeToken(who, params.id),
};
