import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v5 } from 'uuid';
import { DIRECT_NAMESPACE, directConversationId, messageId, parseMessageId } from './ids.js';

const uuid = fc.uuid();

it('a direct conversation has the UUIDv5 of its two users, whoever comes first', () => {
  fc.assert(
    fc.property(uuid, uuid, (one, other) => {
      const [low, high] = [one, other].sort() as [string, string];
      expect(directConversationId(one, other)).toBe(v5(low + high, DIRECT_NAMESPACE));
      expect(directConversationId(other, one)).toBe(directConversationId(one, other));
    }),
  );
});

it('a message id names its place, and nothing else does', () => {
  fc.assert(
    fc.property(uuid, fc.integer({ min: 1, max: 2 ** 40 }), (conversationId, seq) => {
      expect(parseMessageId(messageId(conversationId, seq))).toEqual({ conversationId, seq });
    }),
  );
  const id = '0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f';
  for (const other of [
    '',
    id,
    `${id}.`,
    `${id}.0`,
    `${id}.01`,
    `${id}.-1`,
    `${id}.1.1`,
    `${id}.1e3`,
    `x${id}.1`,
    `${id}.1234567890123456`,
  ]) {
    expect(parseMessageId(other)).toBeUndefined();
  }
});
