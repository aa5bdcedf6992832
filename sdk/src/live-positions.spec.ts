import { describe, expect, it } from '@jest/globals';
import { PositionTracker } from './live-positions.js';

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

describe('the positions of a live client', () => {
  it('a client shows a message once, and only if nothing is missing before it', () => {
    const positions = new PositionTracker();
    positions.startAt('a', 'direct', 4);
    expect(positions.check('a', 4, 5)).toBe('show');
    positions.advanceTo('a', 5);
    expect(positions.check('a', 4, 5)).toBe('duplicate');
    expect(positions.check('a', 3, 9)).toBe('show');
    expect(positions.check('a', 7, 8)).toBe('gap');
    expect(positions.check('unknown', 0, 1)).toBe('gap');
  });

  it('a position never moves back, and a conversation starts once', () => {
    const positions = new PositionTracker();
    positions.startAt('a', 'direct', 4);
    positions.advanceTo('a', 2);
    positions.startAt('a', 'direct', 1);
    expect(positions.seqOf('a')).toBe(4);
  });

  it('a conversation starts after the delivered messages, 200 before its end, at its end, or at its joinedSeq', () => {
    const positions = new PositionTracker();
    positions.start(head('a', { joinedSeq: 1, deliveredSeq: 3, lastSeq: 9 }), false);
    positions.start(head('b', { joinedSeq: 1, deliveredSeq: 3, lastSeq: 900 }), false);
    positions.start(head('c', { joinedSeq: 1, deliveredSeq: 3, lastSeq: 9 }), true);
    positions.joined(head('d', { joinedSeq: 7, deliveredSeq: 7, lastSeq: 9 }));
    expect(['a', 'b', 'c', 'd'].map((id) => positions.seqOf(id))).toEqual([3, 700, 9, 7]);
  });

  it('loading a head moves no known position, but joining again does', () => {
    const positions = new PositionTracker();
    positions.startAt('a', 'group', 5);
    positions.start(head('a', { joinedSeq: 0, deliveredSeq: 9, lastSeq: 9 }), true);
    expect(positions.seqOf('a')).toBe(5);
    positions.joined(head('a', { joinedSeq: 2, deliveredSeq: 2, lastSeq: 9 }));
    expect(positions.seqOf('a')).toBe(2);
  });

  it('a conversation has no position in a resume until its joinedSeq is known', () => {
    const positions = new PositionTracker();
    positions.startAt('a', 'group', 5);
    expect(positions.resume()).toEqual({});
    expect(positions.withoutJoinedSeq).toEqual(['a']);
    positions.setJoinedSeq('a', 3);
    expect(positions.resume()).toEqual({ a: { seq: 5, joinedSeq: 3 } });
    positions.setJoinedSeq('a', 4);
    expect(positions.resume()).toEqual({ a: { seq: 5, joinedSeq: 3 } });
  });

  it('a state lies before the messages that the application has not taken', () => {
    const positions = new PositionTracker({
      positions: { a: { seq: 9, joinedSeq: 0, kind: 'direct' } },
      blocksVersion: 2,
    });
    const untaken = [
      { conversationId: 'a', seq: 8 },
      { conversationId: 'a', seq: 7 },
      { conversationId: 'gone', seq: 1 },
    ];
    expect(positions.state(untaken)).toEqual({
      positions: { a: { seq: 6, joinedSeq: 0, kind: 'direct' } },
      blocksVersion: 2,
    });
    expect(new PositionTracker(positions.state()).state()).toEqual(positions.state());
  });

  it('after a block the client drops the positions of groups, not of direct conversations', () => {
    const positions = new PositionTracker();
    positions.startAt('a', 'group', 5);
    positions.startAt('b', 'direct', 5);
    expect(positions.dropGroups()).toEqual(['a']);
    expect([positions.has('a'), positions.has('b')]).toEqual([false, true]);
  });
});
