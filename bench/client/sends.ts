import type { Faults } from '../faults.js';
import type { Database } from '../lab/database.js';
import type { Asker } from './load.js';
import { request } from './http.js';

/** Bodies have this many characters, of at most 160. */
const TEXT_LENGTH = 60;

let made = 0;

/** A text that no other message of this run has. */
export const newText = (): string => `message ${(made++).toString(36)} `.padEnd(TEXT_LENGTH, '.');

/** One message that was answered as stored. */
interface Sent {
  readonly conversationId: string;
  readonly seq: number;
  readonly text: string;
}

/** What was sent to one database and answered as stored, over all runs, to be compared with what is there. */
export class Ledger {
  private sent: Sent[] = [];

  /** @param total how many messages there are before */
  constructor(private total = 0) {}

  add(conversationId: string, seq: number, text: string): void {
    this.sent.push({ conversationId, seq, text });
  }

  /**
   * Compares what was answered since the last time with what is stored: each message in its place with its text, no
   * place given twice, nothing stored that was not answered, and every log numbered 1, 2, 3, … without gaps.
   */
  async check(database: Database, faults: Faults): Promise<void> {
    const { sent } = this;
    this.sent = [];
    this.total += sent.length;
    const places = new Set(sent.map(({ conversationId, seq }) => `${conversationId}.${seq}`));
    faults.add('a place was given to two messages', sent.length - places.size);
    const lost = await database.count(
      `SELECT count(*) FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS a (id, seq, text)
       LEFT JOIN messages m ON m.conversation_id = a.id AND m.seq = a.seq AND m.text = a.text WHERE m.seq IS NULL`,
      [sent.map((one) => one.conversationId), sent.map((one) => one.seq), sent.map((one) => one.text)],
    );
    faults.add('a message that was answered is not stored so', lost);
    await checkNumbers(database, this.total, faults);
  }
}

/** That a database holds so many messages, and that every log is numbered without gaps. */
export async function checkNumbers(database: Database, total: number, faults: Faults): Promise<void> {
  const stored = await database.count('SELECT count(*) FROM messages');
  if (stored !== total) faults.add(`${stored} messages are stored, ${total} were answered`);
  const misnumbered = await database.count(
    `SELECT count(*) FROM conversations c
     LEFT JOIN (SELECT conversation_id, count(*), min(seq), max(seq) FROM messages GROUP BY conversation_id) m
       ON m.conversation_id = c.id
     WHERE c.last_seq <> coalesce(m.count, 0) OR coalesce(m.min, 1) <> 1 OR coalesce(m.max, 0) <> c.last_seq`,
  );
  faults.add('a log has gaps', misnumbered);
}

/** Who sends to whom: the head of each request depends on the sender alone. */
export interface Route {
  readonly token: string;
  /** An address. */
  readonly recipient: string;
}

/** Sends by REST, every answer looked at. `route` says who sends next to whom. */
export function sender(route: (slot: number) => Route, ledger: Ledger, faults: Faults): Asker {
  const texts: string[] = [];
  return {
    next(slot) {
      const { token, recipient } = route(slot);
      const text = (texts[slot] = newText());
      return request('POST', '/v1/messages', token, `{"recipient":"${recipient}","text":"${text}"}`);
    },
    answered(slot, status, body) {
      if (status !== 201) {
        faults.add(`a send was answered ${status} ${body.slice(0, 200)}`);
        return false;
      }
      const [conversationId, seq] = placeIn(body);
      ledger.add(conversationId, seq, texts[slot]!);
      return true;
    },
  };
}

/** The place of the message in an answer, `"id":"<conversation>.<seq>"`; read without parsing the rest, which is as slow as the server. */
export function placeIn(text: string): [conversationId: string, seq: number] {
  const start = text.indexOf('"id":"') + 6;
  const dot = start + 36;
  if (text[dot] !== '.') throw new Error(`no message in ${text.slice(0, 200)}`);
  return [text.slice(start, dot), Number(text.slice(dot + 1, text.indexOf('"', dot)))];
}

/** Numbers from 0 to `n - 1` that jump about, the same at each start: a linear congruential generator (Numerical Recipes). */
export function jumping(n: number): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}
