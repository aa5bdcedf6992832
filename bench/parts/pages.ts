import { closedLoop } from '../client/load.js';
import { request } from '../client/http.js';
import { Faults } from '../faults.js';
import type { Lab } from '../lab/lab.js';
import type { Program } from '../lab/program.js';
import type { Tokens } from '../lab/world.js';
import type { Subject } from '../part.js';

/** Many pages are measured, each for this share of the time that others take. */
const SHARE = 0.1;

/** A page that one user asks for again and again, one request at a time. */
export interface Page {
  readonly name: string;
  readonly does: string;
  /** Number of the user. */
  readonly user: number;
  /** Path and query of the next request; with a body it is a POST. */
  readonly next: () => { readonly path: string; readonly body?: string };
  /** How many there have to be: messages, or whatever else has one of `mark` each. */
  readonly items: number;
  /** What each item has once. */
  readonly mark: string;
}

export function pageSubject(lab: Lab, server: Program, tokens: Tokens, page: Page): Subject {
  const { name, does, user, next, items, mark } = page;
  return {
    name,
    does,
    async run(seconds) {
      await tokens.refresh();
      const faults = new Faults();
      const watched = await lab.watch([server], () =>
        closedLoop([server.port], 1, seconds * SHARE, {
          next: () => {
            const { path, body } = next();
            return request(body === undefined ? 'GET' : 'POST', path, tokens.of(user), body);
          },
          answered: (_slot, status, body) => {
            const found = body.split(mark).length - 1;
            if (status === 200 && found === items) return true;
            faults.add(`${status} with ${found} items instead of ${items}: ${body.slice(0, 200)}`);
            return false;
          },
        }),
      );
      return { ...watched.result, seconds: watched.seconds, cpu: watched.cpu, faults: faults.list };
    },
  };
}

export const MESSAGE = '"sentAt":';
export const HEAD = '"readSeq":';
