import { closedLoop, type Asker } from '../client/load.js';
import { askOnce, request } from '../client/http.js';
import { jumping, newText, placeIn } from '../client/sends.js';
import { Faults } from '../faults.js';
import type { Lab } from '../lab/lab.js';
import type { Program } from '../lab/program.js';
import { loadPairs, loadUsers, pairsAmong, settle, Tokens, userId } from '../lab/world.js';
import { perServerCpuSecond, type Bench, type Part, type Subject } from '../part.js';
import { CONNECTIONS, EACH, USERS } from './subjects.js';

export const POLL = '/v1/messages?read=false';
const EMPTY = '{"items":[]}';
/** Users who are sent something after each run, to see that an empty answer is not merely remembered. */
const PROBES = 5;

/** A message to a user who polls is in their next poll, and their polls are empty again once it is read. */
async function probe({ port }: Program, tokens: Tokens, faults: Faults): Promise<void> {
  for (let user = 1; user <= PROBES; user++) {
    const body = `{"recipient":"${userId(user)}","text":"${newText()}"}`;
    const sent = await askOnce(port, request('POST', '/v1/messages', tokens.of(user + 1), body));
    const polled = await askOnce(port, request('GET', POLL, tokens.of(user)));
    const id = placeIn(sent.body).join('.');
    if (!polled.body.includes(id)) faults.add('a poll did not show what had been sent');
    await askOnce(port, request('POST', `/v1/messages/${id}/read`, tokens.of(user)));
    const { body: after } = await askOnce(port, request('GET', POLL, tokens.of(user)));
    if (after !== EMPTY) faults.add('a poll showed what had been read');
  }
}

async function parley(lab: Lab): Promise<Subject[]> {
  const database = await lab.database('poll');
  await loadUsers(database, USERS);
  await loadPairs(database, pairsAmong(USERS, EACH));
  await settle(database);
  const server = await lab.parley(database);
  const tokens = new Tokens(USERS);
  const nextUser = jumping(USERS);

  const subject = (
    name: string,
    does: string,
    headers: string,
    isRight: (status: number, body: string) => boolean,
  ): Subject => ({
    name,
    does,
    async run(seconds) {
      await tokens.refresh([server], POLL);
      const faults = new Faults();
      const asker: Asker = {
        next: () => request('GET', POLL, tokens.of(nextUser() + 1), undefined, headers),
        answered: (_slot, status, body) => {
          if (isRight(status, body)) return true;
          faults.add(`a poll was answered ${status} ${body.slice(0, 200)}`);
          return false;
        },
      };
      const watched = await lab.watch([server], () => closedLoop([server.port], CONNECTIONS, seconds, asker));
      await probe(server, tokens, faults);
      return { ...watched.result, seconds: watched.seconds, cpu: watched.cpu, faults: faults.list };
    },
  });
  const does = `GET ${POLL} of ${USERS.toLocaleString('en')} users in turn, who have nothing new`;
  return [
    subject('Parley', does, '', (status, body) => status === 200 && body === EMPTY),
    subject(
      'Parley, 304',
      `${does}, with the ETag of the empty page`,
      'If-None-Match: "empty"\r\n',
      (status) => status === 304,
    ),
  ];
}

async function bare(lab: Lab): Promise<Subject> {
  const server = await lab.baseline('bare-204');
  const text = request('GET', POLL);
  return {
    name: 'bare 204',
    does: 'node:http answers 204 to everything',
    async run(seconds) {
      const asker: Asker = { next: () => text, answered: (_slot, status) => status === 204 };
      const watched = await lab.watch([server], () => closedLoop([server.port], CONNECTIONS, seconds, asker));
      return { ...watched.result, seconds: watched.seconds, cpu: watched.cpu, faults: [] };
    },
  };
}

export const poll: Part = {
  name: 'poll',
  title: 'Empty polls',
  async prepare(lab): Promise<Bench> {
    const subjects = [...(await parley(lab)), await bare(lab)];
    return {
      unit: 'polls',
      subjects,
      comparisons: subjects.slice(0, -1).map(({ name }) => ({
        name: `${name}: empty polls per server CPU second ÷ bare 204`,
        of: name,
        to: 'bare 204',
        figure: perServerCpuSecond,
        better: 'higher',
        goal: 0.25,
        beyond: 0.5,
      })),
      notes: [
        `After each run ${PROBES} users who polled are sent a message, and have to see it in their next poll.`,
        'A server whose CPU is fully used limits the run; the generator is on another core.',
      ],
    };
  },
};
