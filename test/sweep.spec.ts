import { expect, it } from '@jest/globals';
import { newWorld } from './support/world.js';
import { until } from './support/until.js';

it('the sweep deletes all messages of a deleted group, and then the group', async () => {
  const { ana, ben, server } = await newWorld();
  const group = await ana.createGroup('For a day', ben);
  const kept = await ana.createGroup('For ever', ben);
  await ana.sendTo(kept, 'stays');
  await server.db.query(
    `WITH grown AS (UPDATE conversations SET last_seq = 2500 WHERE id = $1)
     INSERT INTO messages (conversation_id, seq, sender_id, text, sent_at)
     SELECT $1, seq, $2, 'goes', now() FROM generate_series(1, 2500) seq`,
    [group.id, ana.id],
  );
  await ana.api.removeGroup({ id: group.id });
  await until(async () => {
    const { rows } = await server.db.query('SELECT 1 FROM conversations WHERE id = $1', [group.id]);
    return rows.length === 0;
  });
  const { rows } = await server.db.query('SELECT conversation_id FROM messages WHERE conversation_id = ANY ($1)', [
    [group.id, kept.id],
  ]);
  expect(rows).toEqual([{ conversation_id: kept.id }]);
  expect(await ben.texts()).toEqual(['stays']);
});
