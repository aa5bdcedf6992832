import { beforeEach, expect, it } from '@jest/globals';
import { Settings } from '../config/settings.js';
import type { UnitOfWork } from '../database/unit-of-work.js';
import { EventBus, type AnyEvent } from '../events/event-bus.js';
import type { UsersService } from '../users/users.service.js';
import { ActingUserCache } from './acting-user.cache.js';
import { ApiKeyCache } from './api-key.cache.js';
import type { ApiKeysRepository } from './api-keys.repository.js';
import { Revocations } from './revocations.js';
import { SessionCache } from './session.cache.js';
import type { SessionsRepository } from './sessions.repository.js';

const APPLICATION = { keyId: 'key', scopes: [] };
const CLAIMS = { userId: 'ana', sessionId: 'session', expiresAt: Infinity };

/** The repositories are simulated, so nothing runs in it. */
const WORK = { now: {} } as UnitOfWork;

let bus: EventBus;
let sessions: SessionCache;
let keys: ApiKeyCache;
let actingUsers: ActingUserCache;
/** The user at `ext:ana` by the database. */
let userAtAddress: string | undefined;
/** Runs while a look-up is under way, which began before it. */
let duringLookUp: () => void;

let lookUps: number;
const lookUp = async <T>(answer: T): Promise<T> => {
  lookUps++;
  await Promise.resolve();
  duringLookUp();
  return answer;
};

beforeEach(() => {
  lookUps = 0;
  userAtAddress = 'ana';
  duringLookUp = () => undefined;
  bus = new EventBus();
  const revocations = new Revocations(bus);
  const sessionsRepository = { userOf: () => lookUp('ana') } as unknown as SessionsRepository;
  const keysRepository = {
    findByHash: () => lookUp({ id: 'key', scopes: [] }),
    noteUse: () => Promise.resolve(),
  } as unknown as ApiKeysRepository;
  const users = { find: () => lookUp(userAtAddress && { id: userAtAddress }) } as unknown as UsersService;
  sessions = new SessionCache(WORK, sessionsRepository, revocations, bus);
  keys = new ApiKeyCache(WORK, keysRepository, revocations, new Settings(), bus);
  actingUsers = new ActingUserCache(users, revocations, bus);
});

const sessionEnded = { name: 'sessions.ended', data: { userId: 'ana', sessionIds: ['session'] } } as AnyEvent;
const userRemoved = { name: 'user.removed', data: { userId: 'ana' } } as AnyEvent;
const keyRevoked = { name: 'key.revoked', data: { keyId: 'key' } } as AnyEvent;
const isSession = (): Promise<boolean> => sessions.has(CLAIMS);
const isKey = async (): Promise<boolean> => (await keys.find('any')) !== undefined;

it.each([
  ['a session that ends', sessionEnded, isSession],
  ['a session whose user is removed', userRemoved, isSession],
  ['an API key that is revoked', keyRevoked, isKey],
] as const)('%s is refused at once, though it is cached or its look-up began before', async (_, event, isAccepted) => {
  duringLookUp = () => bus.publish([event]);
  expect(await isAccepted()).toBe(false);
  expect(await isAccepted()).toBe(false);
});

it('a session is not accepted for another user than its own', async () => {
  expect(await sessions.has({ ...CLAIMS, userId: 'ben' })).toBe(false);
});

it("a removed user's externalId leads to the user who has it now, who is cached", async () => {
  expect(await actingUsers.find('ext:ana', APPLICATION)).toBe('ana');
  bus.publish([userRemoved]);
  userAtAddress = 'ben';
  expect(await actingUsers.find('ext:ana', APPLICATION)).toBe('ben');
  expect(await actingUsers.find('ext:ana', APPLICATION)).toBe('ben');
  expect(await actingUsers.find('ext:ana', APPLICATION)).toBe('ben');
  expect(lookUps).toBe(3); // before the removal, right after it, and to fill the cache
});
