\set user random(0, 1999)
SELECT c.id, c.last_seq FROM members m JOIN conversations c ON c.id = m.conversation_id
WHERE m.user_id = user_of(:user) AND c.last_seq > m.delivered_seq;
