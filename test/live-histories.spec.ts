import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { forAll, PROPERTY_TIMEOUT } from './support/property.js';
import { anyStory, SimulatedHistory } from './support/simulation/history.js';

Logger.overrideLogger(false);

it(
  'over any history, whichever hints are lost, late, doubled or out of order, each client ends with exactly its log',
  () =>
    forAll(anyStory(120), Number(process.env.RUNS ?? 1_500), async (story) => {
      expect(await SimulatedHistory.faults(story)).toEqual([]);
    }),
  PROPERTY_TIMEOUT,
);
