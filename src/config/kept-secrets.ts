import path from 'node:path';
import { keptSecret, makeDirectory } from './data-dir.js';
import type { Settings } from './settings.js';

/** Fills in the secrets that are not set with those kept in DATA_DIR, which are made at the first start. */
export function fillFromDataDir(settings: Settings): void {
  const keep = (name: string, prefix = ''): string => {
    const { dataDir } = settings;
    makeDirectory(path.resolve(dataDir));
    return keptSecret(path.resolve(dataDir, name), prefix);
  };
  settings.jwtSecret ??= keep('jwt-secret');
  settings.bootstrapApiKey ??= keep('application-key', 'parley_');
}
