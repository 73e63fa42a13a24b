import { startProduct } from './product';

/**
 * Starts the product for the browser tests, on a fresh data folder, and stops it after them. Tests find its set-up
 * token, data folder and database in the environment: `FIELDMARK_E2E_SETUP_TOKEN`, `FIELDMARK_E2E_DATA`, `FIELDMARK_E2E_DATABASE`;
 * and the processes' ids, for tests that kill them, by `FIELDMARK_E2E_LAUNCHER`.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const port = Number(process.env['FIELDMARK_E2E_PORT'] ?? 4477);
  const product = await startProduct({ port });
  process.env['FIELDMARK_E2E_SETUP_TOKEN'] = product.setupToken ?? '';
  process.env['FIELDMARK_E2E_DATA'] = product.dataDir;
  process.env['FIELDMARK_E2E_DATABASE'] = product.databaseUrl;
  process.env['FIELDMARK_E2E_LAUNCHER'] = String(product.launcher.pid);
  return async () => {
    await product.stop();
  };
}
