-- Users, direct pairs, and groups of 10, 100 and 1,000 in Parley's own tables, and beside them the tables of the other
-- model: one row per message, and one per message and recipient.

CREATE FUNCTION user_of(n int) RETURNS uuid IMMUTABLE LANGUAGE sql
  RETURN ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid;
CREATE FUNCTION conversation_of(size int, n int) RETURNS uuid IMMUTABLE LANGUAGE sql
  RETURN ('00000001-0000-7000-8000-' || lpad(to_hex(size * 100000 + n), 12, '0'))::uuid;
-- The members of a conversation are neighbours among 2,000 users.
CREATE FUNCTION member_of(size int, n int, place int) RETURNS uuid IMMUTABLE LANGUAGE sql
  RETURN user_of((n * (size + 7) + place) % 2000);
-- Where a batch that begins at the nth conversation is after i steps.
CREATE FUNCTION nth(n int, i int, count int) RETURNS int IMMUTABLE LANGUAGE sql
  RETURN 1 + (n + i * 7919) % count;

INSERT INTO users (id, display_name) SELECT user_of(n), 'User ' || n FROM generate_series(0, 1999) n;

INSERT INTO conversations (id, kind, member_count)
SELECT conversation_of(size, n), CASE WHEN size = 2 THEN 0 ELSE 1 END, size
FROM (VALUES (2, 1000), (10, 200), (100, 50), (1000, 20)) AS s (size, count), generate_series(1, count) n;

INSERT INTO members (conversation_id, user_id)
SELECT conversation_of(size, n), member_of(size, n, place)
FROM (VALUES (2, 1000), (10, 200), (100, 50), (1000, 20)) AS s (size, count), generate_series(1, count) n,
  generate_series(0, size - 1) place;

-- As cheap as that model can be: no number to count up, so no lock; no index but the keys.
CREATE TABLE sent (
  id uuid PRIMARY KEY,
  conversation_id uuid NOT NULL,
  sender_id uuid NOT NULL,
  text varchar(160) NOT NULL,
  sent_at timestamptz(3) NOT NULL
);
CREATE TABLE inbox (
  recipient_id uuid NOT NULL,
  message_id uuid NOT NULL,
  is_read boolean NOT NULL DEFAULT false,
  PRIMARY KEY (recipient_id, message_id)
);

ANALYZE;
