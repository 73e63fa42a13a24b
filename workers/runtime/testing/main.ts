import { workerMain } from '../main';
import { testJobs } from './jobs';
import { testKinds } from './kinds';

await workerMain({ kinds: testKinds, loaders: testJobs });
