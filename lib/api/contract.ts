/** Every route of /api/v1. A new route is a `defineRoute` in one of these files and its handler on the server. */
import * as adoptedModels from './routes/adoptedModels';
import * as imports from './routes/imports';
import * as items from './routes/items';
import * as people from './routes/people';
import * as projects from './routes/projects';
import * as rounds from './routes/rounds';
import * as suggestions from './routes/suggestions';
import * as system from './routes/system';
import * as viewings from './routes/viewings';
import type { RouteContract } from './route';

type Routes<M> = { [K in keyof M as M[K] extends RouteContract ? K : never]: Extract<M[K], RouteContract> };
function routesOf<M extends object>(module: M): Routes<M> {
  return Object.fromEntries(Object.entries(module).filter(([, v]) => typeof v === 'object' && v !== null && 'method' in v && 'permission' in v)) as Routes<M>;
}

export const contract = {
  ...routesOf(system),
  ...routesOf(people),
  ...routesOf(projects),
  ...routesOf(items),
  ...routesOf(imports),
  ...routesOf(rounds),
  ...routesOf(adoptedModels),
  ...routesOf(viewings),
  ...routesOf(suggestions),
};
export type Contract = typeof contract;
export type RouteId = keyof Contract;
export const API_PREFIX = '/api/v1';
