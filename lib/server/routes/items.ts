import type * as contract from '@/lib/api/routes/items';
import type { HandlersOf } from '@/lib/server/http/handler';
import { serveAsset } from '@/lib/server/media/serve';
import * as documents from '@/lib/server/services/itemDocuments';
import * as items from '@/lib/server/services/items';

export const itemHandlers: HandlersOf<typeof contract> = {
  items: ({ params, query }, { who }) => items.list(who, params.project, query),
  item: ({ params }, { who }) => items.get(who, params.id),
  neighbours: ({ params, query }, { who }) => items.neighbours(who, params.id, query),
  trashItems: ({ params, body }, { who }) => items.setTrashed(who, params.project, body.items, true),
  restoreItems: ({ params, body }, { who }) => items.setTrashed(who, params.project, body.items, false),
  eraseItems: ({ params, body }, { who }) => items.erase(who, params.project, body.items),
  setStatus: ({ params, body }, { who }) => items.setStatus(who, params.id, body),
  itemDocuments: ({ params }, { who }) => documents.ofItem(who, params.id),
  openMine: ({ params }, { who }) => documents.openMine(who, params.id),
  documentOne: ({ params }, { who }) => documents.read(who, params.id),
  sendOperations: ({ params, body }, { who }) => documents.send(who, params.id, body.operations),
  log: ({ params, query }, { who }) => documents.log(who, params.id, query),
  conflicts: ({ params, query }, { who }) => documents.conflicts(who, params.id, query),
  restoreConflict: ({ params }, { who }) => documents.restoreConflict(who, params.id),
  asset: ({ params }, { who, request }) => serveAsset(who, params, request),
};
