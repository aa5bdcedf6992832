\set n random(1, :count)
\set place random(0, :size - 1)
WITH message AS (
  INSERT INTO sent (id, conversation_id, sender_id, text, sent_at)
  SELECT uuidv7(), m.conversation_id, m.user_id, 'A message of about as many characters as people write.', clock_timestamp()
  FROM members m
  WHERE m.conversation_id = conversation_of(:size, :n) AND m.user_id = member_of(:size, :n, :place)
  RETURNING id, sender_id
)
INSERT INTO inbox (recipient_id, message_id)
SELECT m.user_id, message.id FROM message, members m
WHERE m.conversation_id = conversation_of(:size, :n) AND m.user_id <> message.sender_id
  AND NOT EXISTS (SELECT FROM blocks b WHERE b.blocker_id = m.user_id AND b.blocked_id = message.sender_id);
