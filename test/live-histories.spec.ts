import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { forAll, PROPERTY_TIMEOUT } from './support/property.js';
import { anyStory, SimulatedHistory, type Story } from './support/simulation/history.js';

Logger.overrideLogger(false);

it(
  'over any history, whichever hints are lost, late, doubled or out of order, each client ends with exactly its log',
  () =>
    forAll(anyStory(120), Number(process.env.RUNS ?? 1_500), async (story) => {
      expect(await SimulatedHistory.faults(story)).toEqual([]);
    }),
  PROPERTY_TIMEOUT,
);

/** Two joins that are read together: the first has no message yet, the second has one. Found by the test above. */
const TWO_JOINS: Story = {
  isCalm: false,
  steps: [
    { do: 'connect', client: 2, isFresh: false, backlog: false },
    { do: 'send directly', user: 0, to: 2 },
    { do: 'go far on', which: 1 },
    { do: 'go on', which: 0 },
    { do: 'go on', which: 0 },
    { do: 'join', user: 2, group: 0, isNamed: false },
    { do: 'join', user: 2, group: 1, isNamed: false },
    { do: 'send directly', user: 0, to: 2 },
    { do: 'go on', which: 0 },
    { do: 'go on', which: 0 },
    { do: 'send directly', user: 0, to: 0 },
    { do: 'go far on', which: 0 },
  ],
};

it('a client that joins two conversations at once gets the messages of both', async () => {
  expect(await SimulatedHistory.faults(TWO_JOINS)).toEqual([]);
});
