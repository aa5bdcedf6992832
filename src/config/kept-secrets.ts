import path from 'node:path';
import { keptSecret, makeDirectory } from './data-dir.js';
import type { Settings } from './settings.js';

/** Fills in the secrets that are not set with those in DATA_DIR, which the first start makes. */
export function fillFromDataDir(settings: Settings): void {
  const secretIn = (name: string, prefix = ''): string => {
    const { dataDir } = settings;
    makeDirectory(path.resolve(dataDir));
    return keptSecret(path.resolve(dataDir, name), prefix);
  };
  settings.jwtSecret ??= secretIn('jwt-secret');
  settings.bootstrapApiKey ??= secretIn('application-key', 'parley_');
}
