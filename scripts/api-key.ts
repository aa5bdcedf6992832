// Makes an API key in the database that `npm start` uses, whether it runs or not:
// npm run api-key -- --name "shop backend" --scopes act,users
import { parseArgs } from 'node:util';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { openDatabase } from './open-database.js';
import { hashKey, newKey } from '../src/auth/api-key.js';
import { ApiKeyEntity } from '../src/auth/api-key.entity.js';
import { CreateApiKey } from '../src/auth/api-keys.dto.js';
import { SCOPES } from '../src/common/caller.js';
import { newId } from '../src/common/ids.js';
import { StartupError } from '../src/common/startup-error.js';

const HELP = `npm run api-key -- --name <what it is for> --scopes <${SCOPES.join(',')}>

  --name    for people to know the key by
  --scopes  with commas between. act: act for users; users: create, change and remove users; admin: manage keys
`;

class UsageError extends Error {}

/** The key that is wanted, checked as POST /v1/api-keys checks it; undefined where help is. */
function readWanted(args: string[]): CreateApiKey | undefined {
  const { name, scopes, help } = parse(args);
  if (help) return undefined;
  const wanted = plainToInstance(CreateApiKey, { name, scopes: scopes?.split(',').map((scope) => scope.trim()) });
  const [fault] = validateSync(wanted);
  if (fault) throw new UsageError(`--${Object.values(fault.constraints ?? {}).join(', ')}`);
  return wanted;
}

function parse(args: string[]): { name?: string; scopes?: string; help?: boolean } {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ args, options: { name: text, scopes: text, help: { type: 'boolean' } } }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function make({ name, scopes }: CreateApiKey): Promise<void> {
  const { dataSource, place, close } = await openDatabase(process.env);
  try {
    const [id, key] = [newId(), newKey()];
    await dataSource.getRepository(ApiKeyEntity).insert({ id, name, scopes, keyHash: hashKey(key) });
    process.stdout.write(`API key "${name}" (${scopes.join(', ')}) in ${place}, id ${id}:\n\n  ${key}\n\n`);
    process.stdout.write('Send it as X-Api-Key. It is stored hashed, and shown this once.\n');
  } finally {
    await close();
  }
}

try {
  const wanted = readWanted(process.argv.slice(2));
  if (wanted) await make(wanted);
  else process.stdout.write(HELP);
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof StartupError)) throw error;
  process.stderr.write(error instanceof UsageError ? `${error.message}\n\n${HELP}` : `${error.message}\n`);
  process.exitCode = 1;
}
