import type { Contract, RouteId } from '@/lib/api/contract';
import type { Permission, Role, TokenScope } from '@/lib/api/permissions';
import type { Input, Output } from '@/lib/api/route';

/** Who is asking. `public` routes may have nobody. */
export interface Principal {
  userId: string;
  name: string;
  email: string;
  workspaceId: string;
  role: Role;
  /** `['*']` for a signed-in browser; an API token's scopes otherwise. */
  scopes: readonly TokenScope[];
  may(permission: Permission): boolean;
}

/** What every handler may use besides its input. */
export interface RequestContext {
  /** Set unless the route is `public`. The dispatcher has checked the route's permission against role and scopes. */
  who: Principal;
  request: Request;
  requestId: string;
}

/**
 * Thin: a handler calls one service and shapes the answer. That the addressed project, item, document… belongs to the
 * principal's workspace is checked by the services (`requireProject(who, id)` and its like), which answer `not-found`
 * when it does not.
 */
export type Handler<K extends RouteId> = (input: Input<Contract[K]>, ctx: RequestContext) => Promise<Output<Contract[K]>>;
export type Handlers = { [K in RouteId]: Handler<K> };
/** The handlers of one contract file, `typeof import('@/lib/api/routes/items')` for example. */
export type HandlersOf<M> = { [K in keyof M & RouteId]: Handler<K> };
