import type * as contract from '@/lib/api/routes/system';
import { eventStream } from '@/lib/server/http/eventStream';
import type { HandlersOf } from '@/lib/server/http/handler';
import { openApi } from '@/lib/server/http/openapi';
import { storageUse } from '@/lib/server/services/storageUse';
import * as system from '@/lib/server/services/system';

export const systemHandlers: HandlersOf<typeof contract> = {
  health: () => system.health(),
  learning: () => system.learning(),
  events: (_, { who, request }) => Promise.resolve(eventStream(who, request)),
  openapi: () => Promise.resolve(openApi(system.productVersion())),
  storageUse: (_, { who }) => storageUse(who),
};
