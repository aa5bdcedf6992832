import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The first schema. No foreign keys: users are never deleted, only marked; conversations go after their members
 * and messages; and a key on messages would lock a row per message for what the append has proved already.
 */
export class Init1795000000000 implements MigrationInterface {
  name = 'Init1795000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE users (
        id uuid NOT NULL,
        username varchar(32) COLLATE "C",
        external_id varchar(128),
        display_name varchar(80) NOT NULL,
        blocks_version bigint NOT NULL DEFAULT 0,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        deleted_at timestamptz(3),
        CONSTRAINT users_pkey PRIMARY KEY (id),
        CONSTRAINT users_username_lower CHECK (username = lower(username))
      )`);
    await runner.query(`CREATE UNIQUE INDEX users_username ON users (username)`);
    await runner.query(`CREATE UNIQUE INDEX users_external_id ON users (external_id)`);
    await runner.query(`
      CREATE INDEX users_display_name ON users (lower(display_name) COLLATE "C", id) WHERE deleted_at IS NULL`);

    await runner.query(`
      CREATE TABLE credentials (
        user_id uuid NOT NULL,
        password_hash text NOT NULL,
        CONSTRAINT credentials_pkey PRIMARY KEY (user_id)
      )`);
    await runner.query(`
      CREATE TABLE sessions (
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        refresh_number integer NOT NULL DEFAULT 1,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        last_used_at timestamptz(3) NOT NULL DEFAULT now(),
        expires_at timestamptz(3) NOT NULL,
        device varchar(200) NOT NULL DEFAULT '',
        CONSTRAINT sessions_pkey PRIMARY KEY (id)
      )`);
    await runner.query(`CREATE INDEX sessions_user ON sessions (user_id, id)`);
    await runner.query(`
      CREATE TABLE api_keys (
        id uuid NOT NULL,
        name varchar(80) NOT NULL,
        key_hash varchar(43) NOT NULL,
        scopes text[] NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        last_used_at timestamptz(3),
        revoked_at timestamptz(3),
        CONSTRAINT api_keys_pkey PRIMARY KEY (id)
      )`);
    await runner.query(`CREATE UNIQUE INDEX api_keys_key_hash ON api_keys (key_hash)`);

    await runner.query(`
      CREATE TABLE blocks (
        blocker_id uuid NOT NULL,
        blocked_id uuid NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT blocks_pkey PRIMARY KEY (blocker_id, blocked_id)
      )`);
    await runner.query(`CREATE INDEX blocks_blocked ON blocks (blocked_id, blocker_id)`);

    await runner.query(`
      CREATE TABLE conversations (
        id uuid NOT NULL,
        kind smallint NOT NULL,
        name varchar(80),
        user_a uuid,
        user_b uuid,
        last_seq bigint NOT NULL DEFAULT 0,
        last_at timestamptz(3) NOT NULL DEFAULT now(),
        members_version bigint NOT NULL DEFAULT 1,
        member_count integer NOT NULL DEFAULT 0,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        deleted_at timestamptz(3),
        CONSTRAINT conversations_pkey PRIMARY KEY (id)
      ) WITH (fillfactor = 70)`);
    await runner.query(`CREATE INDEX conversations_deleted ON conversations (id) WHERE deleted_at IS NOT NULL`);
    await runner.query(`
      CREATE TABLE members (
        conversation_id uuid NOT NULL,
        user_id uuid NOT NULL,
        role smallint NOT NULL DEFAULT 0,
        joined_seq bigint NOT NULL DEFAULT 0,
        delivered_seq bigint NOT NULL DEFAULT 0,
        read_seq bigint NOT NULL DEFAULT 0,
        joined_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT members_pkey PRIMARY KEY (conversation_id, user_id)
      ) WITH (fillfactor = 80)`);
    await runner.query(`CREATE INDEX members_user ON members (user_id, conversation_id)`);

    await runner.query(`
      CREATE TABLE messages (
        conversation_id uuid NOT NULL,
        seq bigint NOT NULL,
        sender_id uuid NOT NULL,
        client_message_id uuid,
        text varchar(160) NOT NULL,
        sent_at timestamptz(3) NOT NULL,
        CONSTRAINT messages_pkey PRIMARY KEY (conversation_id, seq)
      )`);
    await runner.query(`
      CREATE UNIQUE INDEX messages_client_message_id ON messages (conversation_id, sender_id, client_message_id)
      WHERE client_message_id IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [
      'messages',
      'members',
      'conversations',
      'blocks',
      'api_keys',
      'sessions',
      'credentials',
      'users',
    ]) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
