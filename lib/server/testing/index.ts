export { createTestDatabase, type TestDatabase } from './database';
export { temporaryFolder } from './folders';
export { createTestWorkspace, type TestWorkspace } from './workspace';
