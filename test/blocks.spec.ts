import { describe, expect, it } from '@jest/globals';
import {
  alreadyBlocked,
  blockSelf,
  invalid,
  malformed,
  messageNotFound,
  notBlocked,
  recipientBlockedYou,
  userNotFound,
} from '../src/common/problems.js';
import { outcomes, times } from './support/races.js';
import { CALLERS, newWorld, type World } from './support/world.js';

describe.each(CALLERS)('when Ana has blocked Ben (called as %s)', (as) => {
  /** Ana has blocked Ben; both are in a group of Ana's, with Cleo. */
  async function blockedWorld() {
    const world = await newWorld({ as });
    const { ana, ben, cleo } = world;
    const group = await ana.createGroup('Rowing', ben, cleo);
    await ana.block(ben);
    return { ...world, group };
  }

  it('Ben cannot send to Ana directly, and nothing is stored', async () => {
    const { ana, ben, counts } = await blockedWorld();
    await ana.sendTo(ben, 'first');
    const before = await counts();
    await expect(ben.sendTo(ana, 'hello')).rejects.toBeProblem(recipientBlockedYou);
    expect(await counts()).toEqual(before);
    expect(await ana.texts()).toEqual(['first']);
  });

  it('Ben cannot open a conversation with Ana either, and nothing is stored', async () => {
    const { ana, ben, counts } = await blockedWorld();
    const before = await counts();
    await expect(ben.sendTo(ana, 'hello')).rejects.toBeProblem(recipientBlockedYou);
    expect(await counts()).toEqual(before);
  });

  it('Ana can send to Ben directly', async () => {
    const { ana, ben } = await blockedWorld();
    await ana.sendTo(ben, 'goodbye');
    expect(await ben.texts()).toEqual(['goodbye']);
    expect(await ben.unread()).toEqual(['goodbye']);
  });

  it('a group message of Ben reaches everyone but Ana: not listed, not counted, not her last message', async () => {
    const { ana, ben, cleo, group } = await blockedWorld();
    await cleo.sendTo(group, 'seen by all');
    const hidden = await ben.sendTo(group, 'not for Ana');
    expect(await cleo.texts()).toEqual(['seen by all', 'not for Ana']);
    expect(await ben.texts()).toEqual(['seen by all', 'not for Ana']);
    expect(await ana.texts()).toEqual(['seen by all']);
    expect(await ana.unread()).toEqual(['seen by all']);
    expect(await ana.conversation(group)).toMatchObject({
      unread: 1,
      lastMessage: { text: 'seen by all' },
      lastSeq: 2,
    });
    expect(await cleo.conversation(group)).toMatchObject({ unread: 1, lastMessage: { text: 'not for Ana' } });
    await expect(ana.api.getMessage({ id: hidden.id })).rejects.toBeProblem(messageNotFound);
  });

  it('a group message of Ana reaches everyone, Ben too', async () => {
    const { ana, ben, cleo, group } = await blockedWorld();
    await ana.sendTo(group, 'for all of you');
    expect(await ben.texts()).toEqual(['for all of you']);
    expect(await cleo.texts()).toEqual(['for all of you']);
  });

  it('Ben can neither add Ana to a group nor create one with her', async () => {
    const { ana, ben, cleo, counts } = await blockedWorld();
    const group = await ben.createGroup('Running', cleo);
    const before = await counts();
    await expect(ben.add(group, ana)).rejects.toBeProblem(recipientBlockedYou);
    await expect(ben.createGroup('Swimming', cleo, ana)).rejects.toBeProblem(recipientBlockedYou);
    expect(await counts()).toEqual(before);
  });

  it('Ana can add Ben to a group and create one with him', async () => {
    const { ana, ben } = await blockedWorld();
    const group = await ana.createGroup('Running');
    expect(await ana.add(group, ben)).toMatchObject({ user: { id: ben.id }, role: 'member' });
    expect(await ana.createGroup('Swimming', ben)).toMatchObject({ memberCount: 2 });
  });

  it('neither Ana nor Ben sees how far the other has read', async () => {
    const { ana, ben } = await blockedWorld();
    const message = await ana.sendTo(ben, 'read this');
    await ben.read(message);
    for (const [me, other] of [
      [ana, ben],
      [ben, ana],
    ] as const) {
      const head = await me.conversation(other);
      expect(head).not.toHaveProperty('peerReadSeq');
      expect(head).not.toHaveProperty('peerDeliveredSeq');
    }
    expect(await ana.api.getMessage({ id: message.id })).toMatchObject({ read: false });
  });

  it('the receipts of a group message leave out Ana or Ben for the other, and `read` does not wait for them', async () => {
    const { ana, ben, cleo, group } = await blockedWorld();
    const fromAna = await ana.sendTo(group, 'from Ana');
    const fromBen = await ben.sendTo(group, 'from Ben');
    await cleo.read(fromBen);
    for (const [me, message] of [
      [ana, fromAna],
      [ben, fromBen],
    ] as const) {
      const { items } = await me.api.listReceipts({ id: message.id });
      expect(items).toEqual([{ user: expect.objectContaining({ id: cleo.id }), delivered: true, read: true }]);
      expect(await me.api.getMessage({ id: message.id })).toMatchObject({ read: true });
    }
  });

  it('earlier messages stay visible directly to Ana and Ben, and are hidden from Ana in groups', async () => {
    const { ana, ben, cleo } = await newWorld({ as });
    const group = await ana.createGroup('Rowing', ben, cleo);
    await ben.sendTo(ana, 'directly');
    await ben.sendTo(group, 'in the group');
    await ana.block(ben);
    expect(await ana.texts()).toEqual(['directly']);
    expect(await ben.texts()).toEqual(['directly', 'in the group']);
  });

  it('hidden messages are visible after Ana unblocks Ben, and refused ones stay refused', async () => {
    const { ana, ben, group } = await blockedWorld();
    await ben.sendTo(group, 'hidden for now');
    await expect(ben.sendTo(ana, 'refused')).rejects.toBeProblem(recipientBlockedYou);
    await ana.unblock(ben);
    expect(await ana.texts()).toEqual(['hidden for now']);
    expect(await ana.conversation(group)).toMatchObject({ unread: 1, lastMessage: { text: 'hidden for now' } });
    await ben.sendTo(ana, 'after');
    expect(await ana.texts()).toEqual(['hidden for now', 'after']);
  });

  it('Ana cannot block Ben twice, nor herself', async () => {
    const { ana, ben } = await blockedWorld();
    await expect(ana.block(ben)).rejects.toBeProblem(alreadyBlocked);
    await expect(ana.block(ana)).rejects.toBeProblem(blockSelf);
  });

  it('Ana and Ben each can read the blocks between them', async () => {
    const { ana, ben, cleo } = await blockedWorld();
    const between = async (me: World['ana'], other: World['ana']): Promise<unknown> =>
      me.api.getBlock({ address: other.address });
    expect(await between(ana, ben)).toMatchObject({ user: { id: ben.id }, blocked: true, blocksYou: false });
    expect(await between(ben, ana)).toMatchObject({ user: { id: ana.id }, blocked: false, blocksYou: true });
    expect(await between(ana, cleo)).toMatchObject({ blocked: false, blocksYou: false });
    expect(await between(ana, ana)).toMatchObject({ blocked: false, blocksYou: false });
  });

  it('a block of Ben against Ana holds too, and each ends by itself', async () => {
    const { ana, ben } = await blockedWorld();
    await ben.block(ana);
    expect(await ana.api.getBlock({ address: ben.id })).toMatchObject({ blocked: true, blocksYou: true });
    await expect(ana.sendTo(ben, 'hello')).rejects.toBeProblem(recipientBlockedYou);
    await ana.unblock(ben);
    await expect(ana.sendTo(ben, 'hello')).rejects.toBeProblem(recipientBlockedYou);
    await ben.sendTo(ana, 'I may');
  });
});

it('a new block is answered with its Location', async () => {
  const { ana, ben } = await newWorld();
  const answer = await ana.raw('POST', '/v1/blocks', { body: { user: ben.address } });
  expect(answer.status).toBe(201);
  expect(answer.headers.get('Location')).toBe(`/v1/blocks/${ben.id}`);
  expect(JSON.parse(answer.text)).toMatchObject({ user: { id: ben.id, username: ben.username } });
});

it('a list of blocks comes in pages, newest first', async () => {
  const { ana, ben, cleo, dan } = await newWorld();
  for (const other of [ben, cleo, dan]) await ana.block(other);
  const first = await ana.api.listBlocks({ limit: 2 });
  expect(first.items.map(({ user }) => user.id)).toEqual([dan.id, cleo.id]);
  const second = await ana.api.listBlocks({ limit: 2, cursor: first.next! });
  expect(second.items.map(({ user }) => user.id)).toEqual([ben.id]);
  expect(second).not.toHaveProperty('next');
  expect((await ben.api.listBlocks()).items).toEqual([]);
});

it('a cursor that the list of blocks did not give out is refused', async () => {
  const { ana } = await newWorld();
  const impossible = Buffer.from(JSON.stringify(['b1', '2026-02-30T00:00:00.000Z', ana.id])).toString('base64url');
  for (const cursor of ['nonsense', impossible]) {
    await expect(ana.api.listBlocks({ cursor })).rejects.toBeProblem(malformed);
  }
});

it('an unknown user cannot be blocked, unblocked or asked about', async () => {
  const { ana, ben } = await newWorld();
  for (const address of [
    '@nobody.at.all',
    'nonsense',
    '00000000-0000-7000-8000-000000000000',
    'ext:of-an-application',
  ]) {
    await expect(ana.api.addBlock({ user: address })).rejects.toBeProblem(userNotFound);
    await expect(ana.api.getBlock({ address })).rejects.toBeProblem(userNotFound);
    await expect(ana.api.removeBlock({ address })).rejects.toBeProblem(userNotFound);
  }
  await expect(ana.unblock(ben)).rejects.toBeProblem(notBlocked);
});

it('a block command names one user, as a string', async () => {
  const { ana } = await newWorld();
  expect(await ana.raw('POST', '/v1/blocks', { body: {} })).toBeProblem(invalid, 'user');
  expect(await ana.raw('POST', '/v1/blocks', { body: { user: 7 } })).toBeProblem(invalid, 'user');
  expect(await ana.raw('POST', '/v1/blocks', { body: { user: '@ben', why: 'x' } })).toBeProblem(invalid, 'why');
});

it('a removed user cannot be blocked, but can be unblocked, by id', async () => {
  const { ana, ben, cleo } = await newWorld();
  await ana.block(ben);
  await ben.api.removeMe();
  await cleo.api.removeMe();
  await expect(ana.block(cleo)).rejects.toBeProblem(userNotFound);
  expect(await ana.api.getBlock({ address: ben.id })).toMatchObject({ user: { deleted: true }, blocked: true });
  await ana.unblock(ben);
  await expect(ana.unblock(ben)).rejects.toBeProblem(notBlocked);
});

it('the blocks of a removed user end', async () => {
  const { ana, ben } = await newWorld();
  await ana.block(ben);
  await ana.api.removeMe();
  expect(await ben.api.getBlock({ address: ana.id })).toMatchObject({ blocksYou: false });
});

it('an application blocks and unblocks by its own ids', async () => {
  const { asApp, app, ben } = await newWorld();
  await app.putUser({ address: `ext:${ben.username}`, displayName: 'Ben of the application' });
  const address = `ext:${ben.username}`;
  const block = await asApp.ana.api.addBlock({ user: address });
  expect(block.user.displayName).toBe('Ben of the application');
  expect(await asApp.ana.api.getBlock({ address: encodeURIComponent(address) })).toMatchObject({ blocked: true });
  await asApp.ana.api.removeBlock({ address });
});

it('blocksVersion counts each block and unblock, and no refused one', async () => {
  const { ana, ben, cleo } = await newWorld();
  const version = async (): Promise<number> => (await ana.api.sync()).blocksVersion;
  const first = await version();
  await ana.block(ben);
  await ana.block(cleo);
  await expect(ana.block(ben)).rejects.toBeProblem(alreadyBlocked);
  await ana.unblock(ben);
  await expect(ana.unblock(ben)).rejects.toBeProblem(notBlocked);
  await ben.block(ana);
  expect((await version()) - first).toBe(3);
});

it('of 50 concurrent blocks of one user one succeeds, and of 50 unblocks one', async () => {
  const { ana, ben } = await newWorld();
  const first = (await ana.api.sync()).blocksVersion;
  expect(await outcomes(times(50, () => ana.block(ben)))).toEqual({ done: 1, 'already-blocked': 49 });
  expect((await ana.api.listBlocks()).items).toHaveLength(1);
  expect(await outcomes(times(50, () => ana.unblock(ben)))).toEqual({ done: 1, 'not-blocked': 49 });
  expect((await ana.api.sync()).blocksVersion - first).toBe(2);
});

it('a block refuses every message whose send began after the block was answered', async () => {
  const { ana, ben } = await newWorld();
  const sends = times(25, (i) => ben.sendTo(ana, `before ${i}`));
  const block = ana.block(ben);
  const met = await outcomes([...sends, block]);
  expect(Object.keys(met).filter((code) => code !== 'done' && code !== 'recipient-blocked-you')).toEqual([]);
  const stored = await ana.texts();
  expect(await outcomes(times(25, (i) => ben.sendTo(ana, `after ${i}`)))).toEqual({ 'recipient-blocked-you': 25 });
  expect(await ana.texts()).toEqual(stored);
});

it('a block that races with an addition to a group either refuses the addition or comes after it', async () => {
  const { ana, ben } = await newWorld();
  const [, group] = await Promise.allSettled([ana.block(ben), ben.createGroup('Rowing', ana)]);
  const isIn = (await ana.api.listGroups()).items.length === 1;
  expect(group.status === 'fulfilled').toBe(isIn);
  if (group.status === 'rejected') expect(group.reason).toBeProblem(recipientBlockedYou);
});
