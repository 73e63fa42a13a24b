import type * as contract from '@/lib/api/routes/imports';
import type { HandlersOf } from '@/lib/server/http/handler';
import * as batchService from '@/lib/server/services/batches';
import * as service from '@/lib/server/services/imports';

export const startImport: Handlers['startImport'] = ({ params, body }, { who }) => service.open(who, params.project, body.source, body.options);
export const putImportFile: Handlers['putImportFile'] = ({ params, query, body }, { who }) => service.receiveFile(who, params.id, query.path, body);
export const putImportArchive: Handlers['putImportArchive'] = ({ params, query, body }, { who }) => service.receiveArchive(who, params.id, query.name, body);
export const commitImport: Handlers['commitImport'] = ({ params }, { who }) => service.commit(who, params.id);
export const imports: Handlers['imports'] = ({ params, query }, { who }) => service.list(who, params.project, query);
export const importOne: Handlers['importOne'] = ({ params }, { who }) => service.one(who, params.id);
export const importEntries: Handlers['importEntries'] = ({ params, query }, { who }) => service.entries(who, params.id, query);
export const cancelImport: Handlers['cancelImport'] = ({ params }, { who }) => service.cancel(who, params.id);
export const batches: Handlers['batches'] = ({ params, query }, { who }) => batchService.list(who, params.project, query);
export const revertBatch: Handlers['revertBatch'] = ({ params }, { who }) => batchService.revert(who, params.id);

type Handlers = HandlersOf<typeof contract>;
