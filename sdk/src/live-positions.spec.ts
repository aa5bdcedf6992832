import { describe, expect, it } from '@jest/globals';
import { Positions } from './live-positions.js';

const head = (
  id: string,
  seqs: { joinedSeq: number; deliveredSeq: number; lastSeq: number },
  kind = 'group' as const,
) => ({
  id,
  kind,
  readSeq: 0,
  unread: 0,
  ...seqs,
});

describe('where a client is', () => {
  it('a message is shown once, and only when nothing is missing before it', () => {
    const places = new Positions();
    places.meet('a', 'direct', 4);
    expect(places.judge('a', 4, 5)).toBe('show');
    places.moveTo('a', 5);
    expect(places.judge('a', 4, 5)).toBe('skip');
    expect(places.judge('a', 3, 9)).toBe('show');
    expect(places.judge('a', 7, 8)).toBe('gap');
    expect(places.judge('unknown', 0, 1)).toBe('gap');
  });

  it('the client never moves back, and meets a conversation once', () => {
    const places = new Positions();
    places.meet('a', 'direct', 4);
    places.moveTo('a', 2);
    places.meet('a', 'direct', 1);
    expect(places.seqOf('a')).toBe(4);
  });

  it('a conversation begins at what was not delivered, 200 from its end, at its end, or as joined', () => {
    const places = new Positions();
    places.start(head('a', { joinedSeq: 1, deliveredSeq: 3, lastSeq: 9 }), false);
    places.start(head('b', { joinedSeq: 1, deliveredSeq: 3, lastSeq: 900 }), false);
    places.start(head('c', { joinedSeq: 1, deliveredSeq: 3, lastSeq: 9 }), true);
    places.joined(head('d', { joinedSeq: 7, deliveredSeq: 7, lastSeq: 9 }));
    expect(['a', 'b', 'c', 'd'].map((id) => places.seqOf(id))).toEqual([3, 700, 9, 7]);
  });

  it('a head that was loaded moves nothing that the client knows, but joining does', () => {
    const places = new Positions();
    places.meet('a', 'group', 5);
    places.start(head('a', { joinedSeq: 0, deliveredSeq: 9, lastSeq: 9 }), true);
    expect(places.seqOf('a')).toBe(5);
    places.joined(head('a', { joinedSeq: 2, deliveredSeq: 2, lastSeq: 9 }));
    expect(places.seqOf('a')).toBe(2);
  });

  it('a conversation whose membership is unknown has no position until it is', () => {
    const places = new Positions();
    places.meet('a', 'group', 5);
    expect(places.resume()).toEqual({});
    expect(places.unlearned).toEqual(['a']);
    places.learn('a', 3);
    expect(places.resume()).toEqual({ a: { seq: 5, joinedSeq: 3 } });
    places.learn('a', 4);
    expect(places.resume()).toEqual({ a: { seq: 5, joinedSeq: 3 } });
  });

  it('what nobody has taken yet is not behind the state', () => {
    const places = new Positions({ positions: { a: { seq: 9, joinedSeq: 0, kind: 'direct' } }, blocksVersion: 2 });
    const untaken = [
      { conversationId: 'a', seq: 8 },
      { conversationId: 'a', seq: 7 },
      { conversationId: 'gone', seq: 1 },
    ];
    expect(places.state(untaken)).toEqual({
      positions: { a: { seq: 6, joinedSeq: 0, kind: 'direct' } },
      blocksVersion: 2,
    });
    expect(new Positions(places.state()).state()).toEqual(places.state());
  });

  it('after a block the groups are dropped, and direct conversations kept', () => {
    const places = new Positions();
    places.meet('a', 'group', 5);
    places.meet('b', 'direct', 5);
    expect(places.dropGroups()).toEqual(['a']);
    expect([places.has('a'), places.has('b')]).toEqual([false, true]);
  });
});
