import { hash } from '@node-rs/argon2';
import type { PoolClient } from 'pg';
import { violates } from '../../src/database/errors.js';
import { writeConversation, type DemoBlock, type DemoConversation } from './conversation.js';
import { avoiding, makePeople, type DemoPerson } from './people.js';
import { planConversations, type Sketch } from './plan.js';
import { Random } from './random.js';
import { Rhythm } from './rhythm.js';
import { Store } from './store.js';
import { CAST } from './words.js';

export interface SeedOptions {
  readonly messages: number;
  /** At least the cast. */
  readonly users: number;
  /** At most; few people do not have many conversations. */
  readonly conversations: number;
  readonly weeks: number;
  /** When the last of them are sent, in ms. */
  readonly until: number;
  /** The same options give the same data; another seed gives other people. */
  readonly seed: number;
}

export interface Seeded {
  readonly people: number;
  readonly conversations: number;
  readonly messages: number;
  readonly blocks: number;
  /** Who can log in, with DEMO_PASSWORD. */
  readonly usernames: readonly string[];
}

export const DEMO_PASSWORD = 'demo-password';
export const FEWEST_USERS = CAST.length;

/** The same data is there already. */
export class SeededBefore extends Error {}

/** Messages in one transaction: enough to make its cost small. */
const BATCH_MESSAGES = 10_000;

/**
 * Fills the tables with people who have been talking for some weeks, beside whatever is there.
 * @throws SeededBefore
 */
export async function seed(
  client: PoolClient,
  options: SeedOptions,
  onProgress: (messages: number) => void = () => undefined,
): Promise<Seeded> {
  const random = new Random(options.seed);
  const rhythm = new Rhythm(options.weeks, options.until);
  const store = new Store(client);
  const people = await storePeople(store, makePeople(random, options.users, rhythm.at(0)));
  const sketches = planConversations(random, { ...options, people: people.length });
  const blocks: DemoBlock[] = [];
  let messages = 0;
  let storing = Promise.resolve();
  const write = (sketch: Sketch): DemoConversation => writeConversation(random, rhythm, people, sketch);
  for (const batch of inBatches(sketches, write)) {
    await storing; // while PostgreSQL stores one batch, the next is written
    onProgress(messages);
    storing = store.conversations(batch);
    messages += batch.reduce((sum, conversation) => sum + conversation.messages.length, 0);
    blocks.push(...batch.flatMap((conversation) => conversation.blocks));
  }
  await storing;
  onProgress(messages);
  await store.blocks(blocks);
  await store.analyze();
  const usernames = people.slice(0, CAST.length).map(({ username }) => username!);
  return { people: people.length, conversations: sketches.length, messages, blocks: blocks.length, usernames };
}

async function storePeople(store: Store, wanted: DemoPerson[]): Promise<DemoPerson[]> {
  let people = wanted;
  for (;;) {
    const taken = await store.taken(people.flatMap(({ username }) => username ?? []));
    if (taken.size === 0) break;
    people = avoiding(people, taken);
  }
  const ids = people.slice(0, CAST.length).map(({ id }) => id);
  try {
    await store.people(people, { ids, hash: await hash(DEMO_PASSWORD) });
  } catch (error) {
    if (violates(error, 'users_pkey')) throw new SeededBefore('this database has the same demo data already');
    throw error;
  }
  return people;
}

function* inBatches(
  sketches: readonly Sketch[],
  write: (sketch: Sketch) => DemoConversation,
): Generator<DemoConversation[]> {
  let batch: DemoConversation[] = [];
  let messages = 0;
  for (const sketch of sketches) {
    batch.push(write(sketch));
    messages += sketch.messages;
    if (messages < BATCH_MESSAGES) continue;
    yield batch;
    batch = [];
    messages = 0;
  }
  if (batch.length > 0) yield batch;
}
