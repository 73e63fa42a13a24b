/** The product that the browser tests share; `lib/server/testing/playwrightSetup.ts` starts it and says where it is. */
export const PORT = Number(process.env['FIELDMARK_E2E_PORT'] ?? 4477);
/** A secure context: the browser trusts its own machine. */
export const LOCAL_URL = `http://localhost:${PORT}`;
/** The same product under a name of the local network: plain http, not a secure context. */
export const LAN_URL = `http://fieldmark.test:${PORT}`;
/** For tests that start a product of their own. */
export const OWN_PORT = PORT + 1;

/** What `playwrightSetup.ts` found out, by its name in the environment. */
export function fromSetup(name: 'SETUP_TOKEN' | 'DATA' | 'DATABASE'): string {
  const value = process.env[`FIELDMARK_E2E_${name}`];
  if (value === undefined) throw new Error(`FIELDMARK_E2E_${name} is not set: run the browser tests with "npx playwright test", which starts the product.`);
  return value;
}
