import type * as contract from '@/lib/api/routes/viewings';
import type { HandlersOf } from '@/lib/server/http/handler';
import * as service from '@/lib/server/services/viewings';

type Handlers = HandlersOf<typeof contract>;

export const modelViewings: Handlers['modelViewings'] = ({ params }, { who }) => service.read(who, params.id);
export const measureViewings: Handlers['measureViewings'] = ({ params, body }, { who }) => service.measure(who, params.id, body);
