// Starts the loader's thread from its source: a thread does not inherit what teaches its parent TypeScript.
import { register } from 'tsx/esm/api';

register();
await import('./loaderThread.ts');
