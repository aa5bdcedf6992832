import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { anyStep, History } from './support/history.js';
import { forAll, PROPERTY_TIMEOUT } from './support/property.js';
import { SyncClient } from './support/sync-client.js';

/** A client's step between the steps of a history: one request, or it abandons the running sync. */
const anyClientStep = fc.oneof(
  fc.record({ client: fc.constant('sync' as const), of: fc.nat(3), limit: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ client: fc.constant('read on' as const), of: fc.nat(3), limit: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ client: fc.constant('give up' as const), of: fc.nat(3), limit: fc.constant(1) }),
);

const anyInterleaving = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: anyStep(fc.constantFrom(1, 1, 4, 60)) }, // 60: more than a window
    { weight: 2, arbitrary: anyClientStep },
  ),
  { minLength: 20, maxLength: 80, size: 'max' },
);

it(
  'after any interleaving of sends, joins, leaves, blocks and syncs, a client holds exactly what a fresh load shows',
  () =>
    forAll(anyInterleaving, 18, async (steps) => {
      const history = await History.begin();
      const clients = history.people.map((person) => new SyncClient(person));
      for (const step of steps) {
        if (!('client' in step)) await history.play(step);
        else if (step.client === 'sync') await clients[step.of]!.request(step.limit);
        else if (step.client === 'give up') clients[step.of]!.giveUp();
        else await clients[step.of]!.readOn(step.limit);
      }
      for (const [i, client] of clients.entries()) {
        await client.syncToTheEnd();
        const person = history.people[i]!;
        const fresh = new SyncClient(person);
        await fresh.syncToTheEnd();
        expect(client.contents()).toEqual(fresh.contents());
        const logs = history.truth.logsOf(person.id);
        const seen = logs.map((log) => [log.id, history.truth.visible(person.id, log).map(({ text }) => text)]);
        expect(client.texts()).toEqual(Object.fromEntries(seen));
      }
    }),
  PROPERTY_TIMEOUT,
);
