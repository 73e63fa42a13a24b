export { createTestDatabase, type TestDatabase } from './database';
export { temporaryFolder } from './folders';
