// Plain JavaScript: Jest loads this file outside its own modules, so .ts files need a loader first.
import { register } from 'node:module';

export default async function globalSetup() {
  register('@swc-node/register/esm', import.meta.url);
  const { startTestPostgres } = await import('./postgres.ts');
  const { url, stop } = await startTestPostgres();
  process.env.TEMPLATE_DATABASE_URL = url; // the workers inherit it
  globalThis.stopTestPostgres = stop;
}
