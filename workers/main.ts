import { jobKinds } from '@/lib/server/queue';
import { jobs } from './jobs';
import { workerMain } from './runtime/main';

await workerMain({ kinds: jobKinds, loaders: jobs, abilities: async () => (await import('@/models/node')).abilities() });
