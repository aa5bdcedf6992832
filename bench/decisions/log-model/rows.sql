\set n random(1, :count)
\set place random(0, :size - 1)
WITH message AS (
  INSERT INTO sent (id, conversation_id, sender_id, text, sent_at)
  SELECT uuidv7(), m.conversation_id, m.user_id, 'A message of about as many characters as people write.', clock_timestamp()
  FROM generate_series(1, :batch) i, members m
  WHERE m.conversation_id = conversation_of(:size, nth(:n, i, :count)) AND m.user_id = member_of(:size, nth(:n, i, :count), :place)
  RETURNING id, conversation_id, sender_id
)
INSERT INTO inbox (recipient_id, message_id)
SELECT m.user_id, message.id FROM message JOIN members m ON m.conversation_id = message.conversation_id
WHERE m.user_id <> message.sender_id
  AND NOT EXISTS (SELECT FROM blocks b WHERE b.blocker_id = m.user_id AND b.blocked_id = message.sender_id);
