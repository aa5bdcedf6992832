import { openLoop, type Asker } from '../client/load.js';
import { request } from '../client/http.js';
import { jumping, Ledger, sender } from '../client/sends.js';
import { Faults } from '../faults.js';
import { loadPairs, loadPasswords, loadUsers, pairsAmong, PASSWORD, settle, Tokens, usernameOf } from '../lab/world.js';
import type { Bench, Part, Subject } from '../part.js';
import { percentile } from '../statistics.js';
import { pairRoute } from './send.js';
import { CONNECTIONS, EACH, USERS } from './subjects.js';

const SENDS_PER_SECOND = 300;
const LOGINS_PER_SECOND = 20;
/** At least: a p99 of fewer sends is a matter of luck. */
const SECONDS = 8;

const p99 = ({ latencies = [] }: { latencies?: readonly number[] }): number => percentile(latencies, 0.99);

/** Logs in one user after the other. */
function logIn(faults: Faults): Asker {
  const nextUser = jumping(USERS);
  return {
    next: () =>
      request(
        'POST',
        '/v1/sessions',
        undefined,
        `{"username":"${usernameOf(nextUser() + 1)}","password":"${PASSWORD}"}`,
      ),
    answered: (_slot, status, body) => {
      const isIn = status === 201 && body.includes('"accessToken":');
      if (!isIn) faults.add(`a login was answered ${status} ${body.slice(0, 200)}`);
      return isIn;
    },
  };
}

export const login: Part = {
  name: 'login',
  title: 'Sends while others log in',
  async prepare(lab, { quick }): Promise<Bench> {
    const database = await lab.database('login');
    await loadUsers(database, USERS);
    await loadPairs(database, pairsAmong(USERS, EACH));
    await loadPasswords(database, USERS);
    await settle(database);
    const server = await lab.parley(database);
    const tokens = new Tokens(USERS);
    const ledger = new Ledger();
    const route = pairRoute(tokens);

    const subject = (name: string, does: string, logins: number): Subject => ({
      name,
      does,
      async run(wanted) {
        const seconds = quick ? wanted : Math.max(wanted, SECONDS);
        await tokens.refresh([server]);
        const faults = new Faults();
        const watched = await lab.watch([server], async () => {
          const [sends, loggedIn] = await Promise.all([
            openLoop(server.port, SENDS_PER_SECOND, seconds, CONNECTIONS, sender(route, ledger, faults)),
            logins > 0 ? openLoop(server.port, logins, seconds, logins, logIn(faults)) : undefined,
          ]);
          return { sends, loggedIn };
        });
        await ledger.check(database, faults);
        const { sends, loggedIn } = watched.result;
        return {
          ...sends,
          seconds: watched.seconds,
          cpu: watched.cpu,
          figures: loggedIn && {
            'logins a second': loggedIn.count / watched.seconds,
            'login p50 (ms)': percentile(loggedIn.latencies, 0.5),
            'login p99 (ms)': percentile(loggedIn.latencies, 0.99),
          },
          faults: faults.list,
        };
      },
    });
    const sending = `${SENDS_PER_SECOND} sends a second by REST on Express, whether or not the ones before are answered`;
    return {
      unit: 'sends',
      subjects: [
        subject('without logins', sending, 0),
        subject('with logins', `${sending}; and ${LOGINS_PER_SECOND} logins a second beside them`, LOGINS_PER_SECOND),
      ],
      comparisons: [
        {
          name: `p99 of a send, ${LOGINS_PER_SECOND} logins a second ÷ none`,
          of: 'with logins',
          to: 'without logins',
          figure: p99,
          better: 'lower',
          goal: 1.5,
        },
      ],
      notes: ['A latency counts from the moment a request was due.'],
    };
  },
};
