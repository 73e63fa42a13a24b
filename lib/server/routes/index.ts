/** The handlers of the whole contract: one that is missing does not compile. */
import { createDispatcher } from '@/lib/server/http/dispatch';
import type { Handlers } from '@/lib/server/http/handler';
import * as adoptedModelHandlers from './adoptedModels';
import * as importHandlers from './imports';
import { itemHandlers } from './items';
import { peopleHandlers } from './people';
import { projectHandlers } from './projects';
import * as roundHandlers from './rounds';
import * as suggestionHandlers from './suggestions';
import { systemHandlers } from './system';
import * as viewingHandlers from './viewings';

export const handlers: Handlers = { ...systemHandlers, ...peopleHandlers, ...projectHandlers, ...itemHandlers, ...importHandlers, ...roundHandlers, ...adoptedModelHandlers, ...viewingHandlers, ...suggestionHandlers };

/** Answers a request to /api/v1. */
export const dispatch = createDispatcher(handlers);
