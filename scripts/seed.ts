// Fills the database that `npm start` uses with demo data: npm run seed -- --messages 100000
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { StartupError } from '../src/common/startup-error.js';
import { poolOf } from '../src/database/data-source.js';
import { openDatabase } from './open-database.js';
import { DEMO_PASSWORD, FEWEST_USERS, seed, SeededBefore, type SeedOptions, type Seeded } from './seed/seed.js';

const HELP = `npm run seed -- [options]

  --messages <n>       how many messages (100000)
  --users <n>          how many people, at least ${FEWEST_USERS} (one for each 100 messages)
  --conversations <n>  how many direct pairs and groups at most (as many as people)
  --weeks <n>          for how long they have been talking (4)
  --until <time>       when they stop, for instance 2026-01-31T12:00:00Z (now)
  --seed <n>           the same options give the same data (1)
`;

class UsageError extends Error {}

function readOptions(args: string[]): SeedOptions | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  const whole = (name: Exclude<keyof typeof values, 'until' | 'help'>, fallback: number, from: number): number => {
    const value = Number(values[name] ?? fallback);
    if (Number.isInteger(value) && value >= from && value <= 1e9) return value;
    throw new UsageError(`--${name} must be a whole number from ${from} on`);
  };
  const messages = whole('messages', 100_000, 1);
  const users = whole('users', Math.max(FEWEST_USERS, Math.round(messages / 100)), FEWEST_USERS);
  const until = values.until === undefined ? Date.now() : Date.parse(values.until);
  if (Number.isNaN(until)) throw new UsageError('--until must be a time such as 2026-01-31T12:00:00Z');
  const [conversations, weeks, seed] = [whole('conversations', users, 1), whole('weeks', 4, 1), whole('seed', 1, 0)];
  return { messages, users, conversations, weeks, until, seed };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  const options = { messages: text, users: text, conversations: text, weeks: text, until: text, seed: text };
  try {
    return parseArgs({ args, options: { ...options, help: { type: 'boolean' } } });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function run(options: SeedOptions): Promise<void> {
  const startedAt = performance.now();
  const database = await openDatabase(process.env);
  const bar = new SingleBar({ format: '{bar} {value}/{total} messages, {eta_formatted} to go', etaBuffer: 50 });
  try {
    say(`Seeding ${database.place}`);
    bar.start(options.messages, 0);
    const client = await poolOf(database.dataSource).connect();
    const seeded = await seed(client, options, (messages) => bar.update(messages)).finally(() => client.release());
    bar.stop();
    tell(seeded, (performance.now() - startedAt) / 1000);
  } finally {
    bar.stop();
    await database.close();
  }
}

function tell({ people, conversations, messages, blocks, usernames }: Seeded, seconds: number): void {
  say(
    `${people} people, ${conversations} conversations, ${messages} messages, ${blocks} blocks in ${seconds.toFixed(1)} s`,
  );
  say(`Log in as ${usernames.join(', ')} with the password ${DEMO_PASSWORD}`);
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options) await run(options);
  else say(HELP);
} catch (error) {
  const isExpected = [UsageError, SeededBefore, StartupError].some((kind) => error instanceof kind);
  process.stderr.write(`${isExpected ? (error as Error).message : String((error as Error).stack)}\n`);
  process.exitCode = 1;
}
