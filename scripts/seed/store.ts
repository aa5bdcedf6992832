import type { PoolClient } from 'pg';
import type { DemoBlock, DemoConversation } from './conversation.js';
import type { DemoPerson } from './people.js';

/** Rows of one INSERT. */
const CHUNK = 5000;

const TAKEN = `SELECT username FROM users WHERE username = ANY ($1::text[])`;

const PEOPLE = `
  INSERT INTO users (id, username, external_id, display_name, created_at)
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])`;

const PASSWORDS = `
  INSERT INTO credentials (user_id, password_hash) SELECT id, $2 FROM unnest($1::uuid[]) AS u (id)`;

const CONVERSATIONS = `
  INSERT INTO conversations (id, kind, name, user_a, user_b, last_seq, last_at, members_version, member_count, created_at)
  SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::uuid[], $5::uuid[], $6::bigint[], $7::timestamptz[],
    $8::bigint[], $9::integer[], $10::timestamptz[])`;

const MEMBERS = `
  INSERT INTO members (conversation_id, user_id, role, joined_seq, delivered_seq, read_seq, joined_at)
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::timestamptz[])`;

const MESSAGES = `
  INSERT INTO messages (conversation_id, seq, sender_id, client_message_id, text, sent_at)
  SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[])`;

const BLOCKS = `
  WITH blocked AS (
    INSERT INTO blocks (blocker_id, blocked_id, created_at)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) RETURNING blocker_id
  )
  UPDATE users u SET blocks_version = u.blocks_version + b.count
  FROM (SELECT blocker_id, count(*) FROM blocked GROUP BY blocker_id) b WHERE u.id = b.blocker_id`;

type Cell = string | number | Date | null;

/** Puts demo data into the tables. Whoever looks meanwhile sees whole conversations only. */
export class Store {
  constructor(private readonly client: PoolClient) {}

  /** Those of the usernames that somebody has. */
  async taken(usernames: readonly string[]): Promise<ReadonlySet<string>> {
    const { rows } = await this.client.query<{ username: string }>(TAKEN, [usernames]);
    return new Set(rows.map(({ username }) => username));
  }

  people(people: readonly DemoPerson[], passwordOf: { readonly ids: readonly string[]; hash: string }): Promise<void> {
    return this.atOnce(async () => {
      await this.insert(
        PEOPLE,
        people.map((p) => [p.id, p.username, p.externalId, p.displayName, new Date(p.createdAt)]),
      );
      await this.client.query(PASSWORDS, [passwordOf.ids, passwordOf.hash]);
    });
  }

  conversations(conversations: readonly DemoConversation[]): Promise<void> {
    return this.atOnce(async () => {
      await this.insert(CONVERSATIONS, conversations.map(headOf));
      await this.insert(MEMBERS, conversations.flatMap(membersOf));
      await this.insert(MESSAGES, conversations.flatMap(messagesOf));
    });
  }

  blocks(blocks: readonly DemoBlock[]): Promise<void> {
    return this.atOnce(() =>
      this.insert(
        BLOCKS,
        blocks.map((b) => [b.blockerId, b.blockedId, new Date(b.createdAt)]),
      ),
    );
  }

  /** PostgreSQL plans by statistics that it would gather only minutes later. */
  async analyze(): Promise<void> {
    await this.client.query('ANALYZE users, blocks, conversations, members, messages');
  }

  private async atOnce(work: () => Promise<void>): Promise<void> {
    await this.client.query('BEGIN');
    try {
      await this.client.query('SET LOCAL synchronous_commit = off');
      await work();
      await this.client.query('COMMIT');
    } catch (error) {
      await this.client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  private async insert(statement: string, rows: readonly (readonly Cell[])[]): Promise<void> {
    for (let from = 0; from < rows.length; from += CHUNK) {
      const chunk = rows.slice(from, from + CHUNK);
      const columns = chunk[0]!.map((_, column) => chunk.map((row) => row[column]));
      await this.client.query(statement, columns);
    }
  }
}

const headOf = (c: DemoConversation): Cell[] => [
  c.id,
  c.kind,
  c.name,
  c.userA,
  c.userB,
  c.messages.length,
  new Date(c.lastAt),
  c.membersVersion,
  c.members.length,
  new Date(c.createdAt),
];

const membersOf = (c: DemoConversation): Cell[][] =>
  c.members.map((m) => [c.id, m.userId, m.role, m.joinedSeq, m.deliveredSeq, m.readSeq, new Date(m.joinedAt)]);

const messagesOf = (c: DemoConversation): Cell[][] =>
  c.messages.map((m, i) => [c.id, i + 1, m.senderId, m.clientMessageId, m.text, new Date(m.sentAt)]);
