\set user random(0, 1999)
SELECT message_id FROM inbox
WHERE recipient_id = user_of(:user) AND message_id > 'ffffffff-0000-7000-8000-000000000000' ORDER BY message_id LIMIT 50;
