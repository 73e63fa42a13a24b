import type * as contract from '@/lib/api/routes/suggestions';
import type { HandlersOf } from '@/lib/server/http/handler';
import { file } from '@/lib/server/services/models';
import { suggest as keep } from '@/lib/server/services/prelabel';

type Handlers = HandlersOf<typeof contract>;

export const runModelFile: Handlers['runModelFile'] = ({ params }, { who }) => file(who, params.id, params.file);
export const suggest: Handlers['suggest'] = ({ params, body }, { who }) => keep(who, params.id, body);
