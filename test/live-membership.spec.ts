import { describe, expect, it } from '@jest/globals';
import type { LiveClient } from './support/live-client.js';
import { LiveLog } from './support/live-log.js';
import { newWorld } from './support/world.js';
import { caughtUp } from './support/caught-up.js';
import { until } from './support/until.js';

/** A short form of the frames about conversations. */
const changes = (socket: LiveClient): string[] =>
  socket.rest('conversation').map(({ change, user }) => `${change} ${user?.displayName ?? ''}`.trim());

describe('while one is connected', () => {
  it('a user who is added to a group gets its head, and then its messages, on the socket', async () => {
    const { ana, ben } = await newWorld();
    const group = await ana.createGroup('Rowing');
    await ana.sendTo(group, 'before');
    const [his, hers] = [await caughtUp(ben), await caughtUp(ana)];
    await ana.add(group, ben);
    const joined = await his.next('conversation');
    expect(joined).toMatchObject({ change: 'joined', conversationId: group.id, user: { id: ben.id } });
    expect(joined.conversation).toMatchObject({ joinedSeq: 1, group: { name: 'Rowing', memberCount: 2 } });
    expect(await hers.next('conversation')).toMatchObject({ change: 'joined', user: { id: ben.id } });
    await ana.sendTo(group, 'after');
    expect(await his.next('message')).toMatchObject({ afterSeq: 1, message: { text: 'after' } });
    expect(his.rest('message')).toEqual([]);
  });

  it('a user gets the head of a new group they are in on the socket', async () => {
    const { ana, ben } = await newWorld();
    const [his, hers] = [await caughtUp(ben), await caughtUp(ana)];
    const group = await ana.createGroup('Rowing', ben);
    for (const socket of [his, hers]) {
      expect(await socket.next('conversation')).toMatchObject({ change: 'joined', conversation: { id: group.id } });
    }
    await ben.sendTo(group, 'hello');
    expect(await hers.texts(1)).toEqual(['hello']);
  });

  it('a member who leaves or is removed gets a frame, as do the others, and nothing of the group afterwards', async () => {
    const { ana, ben, cleo } = await newWorld();
    const group = await ana.createGroup('Rowing', ben, cleo);
    const [hers, his, cleos] = [await caughtUp(ana), await caughtUp(ben), await caughtUp(cleo)];
    await ana.remove(group, ben);
    for (const socket of [hers, his, cleos]) {
      expect(await socket.next('conversation')).toMatchObject({ change: 'left', user: { id: ben.id } });
    }
    await cleo.leave(group);
    expect(await cleos.next('conversation')).toMatchObject({ change: 'left', user: { id: cleo.id } });
    await ana.sendTo(group, 'alone');
    expect(await hers.texts(1)).toEqual(['alone']);
    for (const socket of [his, cleos]) {
      await socket.pong();
      expect([...socket.rest('message'), ...socket.rest('conversation')]).toEqual([]);
    }
  });

  it('a member who comes back gets the messages after they came back', async () => {
    const { ana, ben } = await newWorld();
    const group = await ana.createGroup('Rowing', ben);
    await ana.sendTo(group, 'one');
    const socket = await caughtUp(ben);
    const log = new LiveLog(ben);
    await log.catchUp();
    await ana.remove(group, ben);
    await ana.sendTo(group, 'not for Ben');
    await ana.add(group, ben);
    await ana.sendTo(group, 'two');
    await socket.next('message', ({ message }) => message.text === 'two');
    const received = socket.received.flatMap((frame) => {
      if (frame.type === 'conversation') return [`${frame.change} ${frame.conversation?.joinedSeq ?? ''}`.trim()];
      return frame.type === 'message' ? [`${frame.message.text} after ${frame.afterSeq}`] : [];
    });
    expect(received).toEqual(['one after 0', 'left', 'joined 2', 'two after 2']);
    await log.holds('two');
    expect(log.texts(group.id)).toEqual(['two']);
  });

  it("members get a frame if the group's name or a role changes, the name with the head", async () => {
    const { ana, ben, cleo } = await newWorld();
    const group = await ana.createGroup('Rowing', ben);
    const [his, hers, cleos] = [await caughtUp(ben), await caughtUp(ana), await caughtUp(cleo)];
    await ana.api.updateGroup({ id: group.id, name: 'Sailing' });
    for (const socket of [his, hers]) {
      expect(await socket.next('conversation')).toMatchObject({
        change: 'renamed',
        conversation: { id: group.id, group: { name: 'Sailing' } },
      });
    }
    await ana.add(group, ben, 'admin');
    for (const socket of [his, hers]) {
      expect(await socket.next('conversation')).toMatchObject({ change: 'role', user: { id: ben.id } });
    }
    await ana.add(group, ben, 'owner');
    for (const socket of [his, hers]) {
      const both = [await socket.next('conversation'), await socket.next('conversation')];
      expect(new Set(both.map(({ change, user }) => `${change} ${user?.id}`))).toEqual(
        new Set([`role ${ana.id}`, `role ${ben.id}`]),
      );
    }
    await cleos.pong();
    expect(changes(cleos)).toEqual([]);
  });

  it("members get a frame if the group is deleted or a member's account is removed", async () => {
    const { ana, ben, cleo } = await newWorld();
    const [group, other] = [await ana.createGroup('Rowing', ben), await ana.createGroup('Sailing', ben, cleo)];
    await cleo.sendTo(ben, 'hello');
    const [his, hers] = [await caughtUp(ben), await caughtUp(ana)];
    await ana.api.removeGroup({ id: group.id });
    for (const socket of [his, hers]) {
      expect(await socket.next('conversation')).toMatchObject({ change: 'deleted', conversationId: group.id });
    }
    await cleo.api.removeMe();
    expect(await hers.next('conversation')).toMatchObject({
      change: 'left',
      conversationId: other.id,
      user: { id: cleo.id, deleted: true },
    });
    await his.next('conversation', ({ conversationId }) => conversationId === other.id);
  });
});

describe('blocks while one is connected', () => {
  it("a block hides the blocked user's group messages at once, and the blocker starts the groups again", async () => {
    const { ana, ben, cleo } = await newWorld();
    const group = await ana.createGroup('Rowing', ben, cleo);
    const log = new LiveLog(ana);
    await log.catchUp();
    const [phone, his] = [await caughtUp(ana), await caughtUp(ben)];
    await ben.sendTo(group, 'before');
    await phone.next('message');
    await log.holds('before');
    await ana.block(ben);
    expect(await phone.next('blocks')).toEqual({ type: 'blocks', blocksVersion: 1 });
    await ben.sendTo(group, 'hidden');
    await cleo.sendTo(group, 'shown');
    expect(await phone.next('message')).toMatchObject({ afterSeq: 1, message: { text: 'shown', seq: 3 } });
    expect(await his.texts(3)).toEqual(['before', 'hidden', 'shown']);
    expect(his.rest('blocks')).toEqual([]);
    await until(async () => (await log.catchUp(), !log.texts(group.id).includes('before')));
    expect(log.contents()).toEqual(await log.freshLoad());
    expect(log.texts(group.id)).toEqual(['shown']);

    await ana.unblock(ben);
    expect(await phone.next('blocks')).toEqual({ type: 'blocks', blocksVersion: 2 });
    await until(async () => (await log.catchUp(), log.texts(group.id).includes('hidden')));
    expect(log.texts(group.id)).toEqual(['before', 'hidden', 'shown']);
    await ben.sendTo(group, 'again');
    await log.holds('again');
    expect(log.contents()).toEqual(await log.freshLoad());
  });

  it('a resume with an old blocksVersion gets the new one first, and its group positions count as absent', async () => {
    const { ana, ben, cleo } = await newWorld();
    const group = await ana.createGroup('Rowing', ben, cleo);
    await ben.sendTo(group, 'from Ben');
    await cleo.sendTo(group, 'from Cleo');
    await cleo.sendTo(ana, 'directly');
    const [inGroup, direct] = [await ana.conversation(group), await ana.conversation(cleo)];
    const positions = { [group.id]: { seq: 2, joinedSeq: 0 }, [direct.id]: { seq: 1, joinedSeq: 0 } };
    expect(inGroup.joinedSeq).toBe(0);
    await ana.block(ben);
    const socket = await caughtUp(ana, { positions, blocksVersion: 0 });
    expect(socket.received[0]).toEqual({ type: 'blocks', blocksVersion: 1 });
    expect(await socket.texts(1)).toEqual(['from Cleo']);
    expect(socket.rest('message')).toEqual([]);
    const again = await caughtUp(ana, { positions, blocksVersion: 1 });
    expect([...again.rest('blocks'), ...again.rest('message')]).toEqual([]);
  });

  it('a block hides receipts and typing of both users from each other, in groups and directly', async () => {
    const { ana, ben, cleo } = await newWorld();
    const group = await ana.createGroup('Rowing', ben, cleo);
    const [inGroup, direct] = [await cleo.sendTo(group, 'hello'), await ben.sendTo(ana, 'hello')];
    const answer = await ana.sendTo(ben, 'hello you');
    await ana.block(ben);
    const [hers, his, cleos] = [await caughtUp(ana), await caughtUp(ben), await caughtUp(cleo)];
    for (const [socket, last] of [
      [hers, direct],
      [his, answer],
    ] as const) {
      socket.read(inGroup);
      socket.read(last);
      for (const { conversationId } of [inGroup, direct]) socket.sendFrame({ type: 'typing', conversationId });
    }
    await cleos.next('receipt', ({ userId }) => userId === ana.id);
    await cleos.next('receipt', ({ userId }) => userId === ben.id);
    await cleos.next('typing', ({ userId }) => userId === ana.id);
    await cleos.next('typing', ({ userId }) => userId === ben.id);
    await hers.next('receipt', ({ conversationId }) => conversationId === direct.conversationId);
    await his.next('receipt', ({ conversationId }) => conversationId === direct.conversationId);
    for (const [socket, other] of [
      [hers, ben],
      [his, ana],
    ] as const) {
      await socket.pong();
      const about = [...socket.rest('receipt'), ...socket.rest('typing')].filter(({ userId }) => userId === other.id);
      expect(about).toEqual([]);
    }
    await ana.unblock(ben);
    await until(() => {
      hers.sendFrame({ type: 'typing', conversationId: group.id }); // at most once a second
      return Promise.resolve(his.rest('typing').some(({ userId }) => userId === ana.id));
    });
  });
});
