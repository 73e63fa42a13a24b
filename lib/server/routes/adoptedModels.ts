import type * as contract from '@/lib/api/routes/adoptedModels';
import type { HandlersOf } from '@/lib/server/http/handler';
import * as service from '@/lib/server/services/adoptedModels';

type Handlers = HandlersOf<typeof contract>;

export const uploadModel: Handlers['uploadModel'] = ({ params, query, body }, { who }) => service.upload(who, params.project, query.name, body);
export const inspectUpload: Handlers['inspectUpload'] = ({ params, body }, { who }) => service.inspect(who, params.project, params.upload, body);
export const tryModel: Handlers['tryModel'] = ({ params, body }, { who }) => service.tryOut(who, params.project, params.upload, body);
export const adoptModel: Handlers['adoptModel'] = ({ params, body }, { who }) => service.adopt(who, params.project, body);
