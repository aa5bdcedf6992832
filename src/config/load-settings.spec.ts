import { expect, it } from '@jest/globals';
import { loadSettings, SettingsError, variableOf } from './load-settings.js';

const JWT_SECRET = 'a secret of thirty-two characters and more';
const DATABASE_URL = 'postgres://parley@db/parley';

const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    loadSettings(env);
    return [];
  } catch (error) {
    return (error as SettingsError).faults;
  }
};

it('no setting is required', () => {
  expect(loadSettings({})).toMatchObject({ host: '127.0.0.1', port: 3000, dataDir: './data', corsOrigins: [] });
});

it('a setting is read from the variable of its name in capitals, and converted to its type', () => {
  expect(variableOf('databasePoolSize')).toBe('DATABASE_POOL_SIZE');
  expect(
    loadSettings({ PORT: '0', REGISTRATION: 'closed', CORS_ORIGINS: 'https://a.example, http://localhost:5173' }),
  ).toMatchObject({ port: 0, registration: 'closed', corsOrigins: ['https://a.example', 'http://localhost:5173'] });
});

it('an empty environment variable counts as not set', () => {
  expect(loadSettings({ PORT: '', DATABASE_URL: '', JWT_SECRET: '' })).toMatchObject({ port: 3000 });
});

it('registration is open on the embedded database and closed with DATABASE_URL, unless set', () => {
  expect(loadSettings({}).registration).toBe('open');
  expect(loadSettings({ DATABASE_URL, JWT_SECRET }).registration).toBe('closed');
  expect(loadSettings({ DATABASE_URL, JWT_SECRET, REGISTRATION: 'open' }).registration).toBe('open');
  expect(loadSettings({ REGISTRATION: 'closed' }).registration).toBe('closed');
});

it('a secret of at least 32 characters is required with DATABASE_URL', () => {
  expect(faultsOf({ DATABASE_URL })).toEqual([expect.stringMatching(/^JWT_SECRET must have at least 32 characters/)]);
  expect(faultsOf({ JWT_SECRET: 'short' })).toHaveLength(1);
  expect(faultsOf({ DATABASE_URL, JWT_SECRET })).toEqual([]);
});

it.each([
  ['PORT', ['abc', '80a', '-1', '65536', '1.5', '0x50', '1e3', ' 80', 'NaN']],
  ['DATABASE_POOL_SIZE', ['1', '1001']],
  ['DATABASE_URL', ['mysql://db/parley', 'parley', 'postgres:db']],
  ['DATABASE_SCHEMA', ['Parley', '1st', 'a-b', 'a b', 'a,b', 'a"b', 'pg_parley', 'information_schema', 'a'.repeat(64)]],
  ['REDIS_URL', ['http://cache', 'cache:6379']],
  ['CORS_ORIGINS', ['app.example.com', 'https://app.example.com/', 'https://a.example,,', 'null']],
  ['BOOTSTRAP_API_KEY', ['short', 'with a space in it', 'ümlautümlautümlaut']],
  ['REGISTRATION', ['yes', 'OPEN']],
  ['USER_SEARCH', ['fuzzy']],
  ['LOG_LEVEL', ['loud']],
])('a bad %s is refused by name', (variable, values) => {
  for (const value of values) {
    expect(faultsOf({ JWT_SECRET, [variable]: value })).toEqual([
      expect.stringMatching(new RegExp(`^${variable} must `)),
    ]);
  }
});

it('one error names every bad setting', () => {
  expect(() => loadSettings({ PORT: 'http', LOG_LEVEL: 'loud' })).toThrow('must be a whole number from 0 to 65535');
  expect(faultsOf({ PORT: 'http', LOG_LEVEL: 'loud', USER_SEARCH: 'fuzzy' })).toHaveLength(3);
});
