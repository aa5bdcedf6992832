import 'reflect-metadata';
import { validateSync } from 'class-validator';
import { StartupError } from '../common/startup-error.js';
import { Settings } from './settings.js';

/** The settings cannot be used. The message names each bad one, a line each. */
export class SettingsError extends StartupError {
  constructor(readonly faults: readonly string[]) {
    super(`${faults.length === 1 ? 'a setting is' : `${faults.length} settings are`} wrong:\n  ${faults.join('\n  ')}`);
  }
}

/** The environment variable of a setting: `databaseUrl` is DATABASE_URL. */
export const variableOf = (property: string): string => property.replace(/[A-Z]/g, '_$&').toUpperCase();

/**
 * Reads the settings from environment variables. An empty one counts as not set.
 * Secrets that are not set are still missing afterwards: `fillFromDataDir` reads or makes them.
 *
 * @throws SettingsError
 */
export function loadSettings(env: NodeJS.ProcessEnv): Settings {
  const settings = new Settings();
  for (const property of Object.keys(settings)) {
    const text = env[variableOf(property)];
    if (text) Object.assign(settings, { [property]: read(text, property) });
  }
  if (settings.databaseUrl !== undefined && !env.REGISTRATION) settings.registration = 'closed';
  const faults = validateSync(settings).map(
    ({ property, constraints = {} }) => `${variableOf(property)} ${Object.values(constraints).join(', and ')}`,
  );
  if (faults.length > 0) throw new SettingsError(faults);
  return settings;
}

/** Converts a text to the property's type. A text that is no number stays a text, which validation then refuses. */
function read(text: string, property: string): unknown {
  const type: unknown = Reflect.getMetadata('design:type', Settings.prototype, property);
  if (type === Number) return /^\d{1,15}$/.test(text) ? Number(text) : text;
  if (type === Array) return text.split(',').map((item) => item.trim());
  return text;
}
