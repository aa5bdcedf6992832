import { describe, expect, it } from '@jest/globals';
import {
  conversationNotFound,
  forbidden,
  groupNotFound,
  invalid,
  malformed,
  notAMember,
  recipientNotFound,
  userNotFound,
} from '../src/common/problems.js';
import { outcomes, times } from './support/races.js';
import { CALLERS, newWorld, type World } from './support/world.js';

type Person = World['ana'];
type Server = World['server'];

/** The members of the group and their roles, as this member sees them, longest-standing first. */
async function roles(me: Person, group: { id: string }): Promise<string[]> {
  const { items } = await me.api.listMembers({ id: group.id, limit: 200 });
  return items.map(({ user, role }) => `${user.displayName}: ${role}`);
}

/** The stored rows of a group; checks that they agree with each other. The row of a deleted group is swept soon. */
async function stored({ db }: Server, group: { id: string }) {
  const { rows } = await db.query<{
    version: number;
    count: number;
    members: number;
    owners: number;
    deleted: boolean;
    swept: boolean;
  }>(
    `SELECT c.members_version::int AS version, coalesce(c.member_count, 0) AS count,
       c.id IS NULL OR c.deleted_at IS NOT NULL AS deleted, c.id IS NULL AS swept,
       (SELECT count(*)::int FROM members m WHERE m.conversation_id = g.id) AS members,
       (SELECT count(*)::int FROM members m WHERE m.conversation_id = g.id AND m.role = 2) AS owners
     FROM (VALUES ($1::uuid)) AS g (id) LEFT JOIN conversations c USING (id)`,
    [group.id],
  );
  const row = rows[0]!;
  expect(row.count).toBe(row.members);
  expect(row.deleted).toBe(row.members === 0);
  expect(row.owners).toBe(row.deleted ? 0 : 1);
  return row;
}

/** Resolves when a statement waits for a lock. */
async function lockAwaited({ db }: Server): Promise<void> {
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while ((await db.query(waiting)).rowCount === 0);
}

describe.each(CALLERS)('members (called as %s)', (as) => {
  /** Ana owns the group, Ben is admin, Cleo and Dan are members, who joined in this order. */
  async function rowers() {
    const world = await newWorld({ as });
    const { ana, ben, cleo, dan } = world;
    const group = await ana.createGroup('Rowing');
    for (const other of [ben, cleo, dan]) await ana.add(group, other);
    await ana.add(group, ben, 'admin');
    return { ...world, group };
  }

  it('members are added by owner and admins, not by plain members', async () => {
    const { ana, ben, cleo, dan, stranger, group } = await rowers();
    await expect(cleo.add(group, stranger)).rejects.toBeProblem(forbidden);
    expect(await ben.add(group, stranger)).toMatchObject({ user: { displayName: 'Stranger' }, role: 'member' });
    await dan.leave(group);
    expect(await ana.add(group, dan.address)).toMatchObject({ user: { id: dan.id }, role: 'member' });
    expect(await roles(cleo, group)).toEqual([
      'Ana: owner',
      'Ben: admin',
      'Cleo: member',
      'Stranger: member',
      'Dan: member',
    ]);
  });

  it('a member who is added again does not change', async () => {
    const { ana, ben, cleo, group, server } = await rowers();
    const before = await ana.api.listMembers({ id: group.id });
    const { version } = await stored(server, group);
    expect(await ben.add(group, cleo)).toEqual(before.items[2]);
    expect(await ana.add(group, ben)).toEqual(before.items[1]);
    expect(await ben.add(group, cleo, 'member')).toEqual(before.items[2]);
    expect(await ana.api.listMembers({ id: group.id })).toEqual(before);
    expect((await stored(server, group)).version).toBe(version);
  });

  it('only the owner gives members their roles', async () => {
    const { ana, ben, cleo, dan, stranger, group } = await rowers();
    for (const role of ['admin', 'owner'] as const) {
      await expect(ben.add(group, cleo, role)).rejects.toBeProblem(forbidden);
      await expect(ben.add(group, stranger, role)).rejects.toBeProblem(forbidden);
      await expect(ben.add(group, ben, 'owner')).rejects.toBeProblem(forbidden);
      await expect(cleo.add(group, cleo, role)).rejects.toBeProblem(forbidden);
    }
    await expect(cleo.add(group, dan, 'member')).rejects.toBeProblem(forbidden);
    await expect(ben.add(group, ana, 'member')).rejects.toBeProblem(forbidden);
    expect(await ana.add(group, cleo, 'admin')).toMatchObject({ role: 'admin' });
    await expect(ben.add(group, cleo, 'member')).rejects.toBeProblem(forbidden);
    expect(await ana.add(group, ben, 'member')).toMatchObject({ role: 'member' });
    expect(await ana.add(group, stranger, 'admin')).toMatchObject({ role: 'admin' });
    expect(await roles(ana, group)).toEqual([
      'Ana: owner',
      'Ben: member',
      'Cleo: admin',
      'Dan: member',
      'Stranger: admin',
    ]);
  });

  it('a member who becomes owner makes the old owner an admin', async () => {
    const { ana, ben, cleo, group, server } = await rowers();
    expect(await ana.add(group, cleo, 'owner')).toMatchObject({ user: { id: cleo.id }, role: 'owner' });
    expect(await roles(ana, group)).toEqual(['Ana: admin', 'Ben: admin', 'Cleo: owner', 'Dan: member']);
    await expect(ana.add(group, ben, 'owner')).rejects.toBeProblem(forbidden);
    await stored(server, group);
  });

  it('a new member can be added as the owner', async () => {
    const { ana, stranger, group, server } = await rowers();
    expect(await ana.add(group, stranger, 'owner')).toMatchObject({ role: 'owner' });
    expect(await ana.api.getGroup({ id: group.id })).toMatchObject({ role: 'admin', memberCount: 5 });
    await stored(server, group);
  });

  it('an owner cannot step down without a successor', async () => {
    const { ana, group } = await rowers();
    await expect(ana.add(group, ana, 'admin')).rejects.toBeProblem(forbidden);
    await expect(ana.add(group, ana, 'member')).rejects.toBeProblem(forbidden);
    expect(await ana.add(group, ana, 'owner')).toMatchObject({ role: 'owner' });
  });

  it('members are removed by owner and admins; an admin does not remove the owner or another admin', async () => {
    const { ana, ben, cleo, dan, group } = await rowers();
    await expect(cleo.remove(group, dan)).rejects.toBeProblem(forbidden);
    await expect(cleo.remove(group, ana)).rejects.toBeProblem(forbidden);
    await expect(ben.remove(group, ana)).rejects.toBeProblem(forbidden);
    await ana.add(group, cleo, 'admin');
    await expect(ben.remove(group, cleo)).rejects.toBeProblem(forbidden);
    await ben.remove(group, dan);
    await ana.remove(group, ben);
    expect(await roles(ana, group)).toEqual(['Ana: owner', 'Cleo: admin']);
  });

  it('a former member sees nothing more of the group', async () => {
    const { ana, ben, cleo, dan, group } = await rowers();
    const message = await ana.sendTo(group, 'before');
    await ana.remove(group, cleo);
    await dan.leave(group);
    await ana.sendTo(group, 'after');
    for (const gone of [cleo, dan]) {
      await expect(gone.api.getGroup({ id: group.id })).rejects.toBeProblem(groupNotFound);
      await expect(gone.api.listMembers({ id: group.id })).rejects.toBeProblem(groupNotFound);
      await expect(gone.leave(group)).rejects.toBeProblem(groupNotFound);
      await expect(gone.conversation(group)).rejects.toBeProblem(conversationNotFound);
      await expect(gone.sendTo(group, 'hello?')).rejects.toBeProblem(recipientNotFound);
      await expect(gone.api.getMessage({ id: message.id })).rejects.toMatchObject({ status: 404 });
      expect(await gone.texts()).toEqual([]);
    }
    expect(await ben.texts()).toEqual(['before', 'after']);
  });

  it('a member reads from where they joined, and, after coming back, from there', async () => {
    const { ana, cleo, stranger, group } = await rowers();
    await ana.sendTo(group, 'one');
    await ana.add(group, stranger);
    expect(await stranger.conversation(group)).toMatchObject({
      lastSeq: 1,
      joinedSeq: 1,
      readSeq: 1,
      deliveredSeq: 1,
      unread: 0,
    });
    await ana.sendTo(group, 'two');
    expect(await stranger.texts()).toEqual(['two']);
    await ana.remove(group, stranger);
    await cleo.sendTo(group, 'three');
    await ana.add(group, stranger);
    expect(await stranger.texts()).toEqual([]);
    expect(await stranger.conversation(group)).toMatchObject({
      lastSeq: 3,
      joinedSeq: 3,
      readSeq: 3,
      deliveredSeq: 3,
      unread: 0,
    });
    await cleo.sendTo(group, 'four');
    expect(await stranger.texts()).toEqual(['four']);
  });
});

describe('when the owner leaves', () => {
  it('when the owner leaves, the longest-standing admin becomes owner', async () => {
    const { ana, ben, cleo, dan, server } = await newWorld();
    const group = await ana.createGroup('Rowing');
    for (const other of [ben, cleo, dan]) await ana.add(group, other);
    await ana.add(group, dan, 'admin');
    await ana.add(group, cleo, 'admin');
    await ana.leave(group);
    expect(await roles(ben, group)).toEqual(['Ben: member', 'Cleo: owner', 'Dan: admin']);
    await stored(server, group);
  });

  it('when the owner leaves a group without admins, the longest-standing member becomes owner, counted from when they came back', async () => {
    const { ana, ben, cleo, server } = await newWorld();
    const group = await ana.createGroup('Rowing');
    for (const other of [ben, cleo]) await ana.add(group, other);
    await ben.leave(group);
    await ana.add(group, ben);
    await ana.leave(group);
    expect(await roles(ben, group)).toEqual(['Cleo: owner', 'Ben: member']);
    await stored(server, group);
  });

  it('when the owner leaves as the last member, the group is deleted', async () => {
    const { ana, ben, server } = await newWorld();
    const group = await ana.createGroup('Rowing', ben);
    await ben.leave(group);
    await ana.leave(group);
    await expect(ana.api.getGroup({ id: group.id })).rejects.toBeProblem(groupNotFound);
    const { deleted, version } = await stored(server, group);
    expect(deleted).toBe(true);
    expect([3, null]).toContain(version); // null: swept already
  });

  it("when the owner's account is removed, the group gets a new owner or is deleted", async () => {
    const { ana, ben, cleo, server } = await newWorld();
    const group = await ana.createGroup('Rowing');
    for (const other of [ben, cleo]) await ana.add(group, other);
    await ana.add(group, cleo, 'admin');
    const alone = await ana.createGroup('Alone');
    await ana.sendTo(ben, 'directly');
    await ana.api.removeMe();
    expect(await roles(ben, group)).toEqual(['Ben: member', 'Cleo: owner']);
    await stored(server, group);
    expect(await stored(server, alone)).toMatchObject({ deleted: true });
    expect(await ben.conversation(ana)).toMatchObject({ user: { id: ana.id, deleted: true } });
    expect(await ben.texts()).toEqual(['directly']);
    await expect(ben.sendTo(ana, 'hello?')).rejects.toBeProblem(recipientNotFound);
  });
});

it('an added member is answered with 201 and their Location, an existing one with 200', async () => {
  const { ana, ben } = await newWorld();
  const { id } = await ana.createGroup('Rowing');
  const path = `/v1/groups/${id}/members/${encodeURIComponent(ben.address)}`;
  const added = await ana.raw('PUT', path);
  expect(added.status).toBe(201);
  expect(added.headers.get('Location')).toBe(`/v1/groups/${id}/members/${ben.id}`);
  const again = await ana.raw('PUT', path, { body: {} });
  expect(again.status).toBe(200);
  expect(JSON.parse(again.text)).toEqual(JSON.parse(added.text));
});

it('a role that is none of the three is refused', async () => {
  const { ana, ben } = await newWorld();
  const { id } = await ana.createGroup('Rowing', ben);
  for (const role of ['boss', 2, null, ['admin']]) {
    const answer = await ana.raw('PUT', `/v1/groups/${id}/members/${ben.id}`, { body: { role } });
    expect(answer).toBeProblem(invalid, 'role');
  }
});

it('an unknown or removed user is not added to a group, and a user who is no member is not removed from it', async () => {
  const { ana, ben, cleo } = await newWorld();
  const group = await ana.createGroup('Rowing', cleo);
  await cleo.api.removeMe();
  for (const who of ['@nobody.at.all', 'nonsense', group.id, 'ext:of-an-application']) {
    await expect(ana.add(group, who)).rejects.toBeProblem(userNotFound);
    await expect(ana.remove(group, who)).rejects.toBeProblem(userNotFound);
  }
  await expect(ana.add(group, cleo)).rejects.toBeProblem(userNotFound);
  await expect(ana.remove(group, cleo)).rejects.toBeProblem(notAMember);
  await expect(ana.remove(group, ben)).rejects.toBeProblem(notAMember);
  await ana.add(group, ben);
  await ben.leave(group);
  await expect(ana.remove(group, ben)).rejects.toBeProblem(notAMember);
});

it('members come in pages, longest-standing first', async () => {
  const { ana, ben, cleo } = await newWorld();
  const { id } = await ana.createGroup('Rowing');
  for (const other of [cleo, ben]) await ana.add(id, other);
  const first = await ana.api.listMembers({ id, limit: 2 });
  expect(first.items.map(({ user }) => user.displayName)).toEqual(['Ana', 'Cleo']);
  const second = await ana.api.listMembers({ id, limit: 2, cursor: first.next! });
  expect(second.items.map(({ user }) => user.displayName)).toEqual(['Ben']);
  expect(second).not.toHaveProperty('next');
  for (const cursor of ['nonsense', Buffer.from('["gm1","0000-01-01T00:00:00.000Z","x"]').toString('base64url')]) {
    await expect(ana.api.listMembers({ id, cursor })).rejects.toBeProblem(malformed);
  }
});

it('of 50 concurrent additions of one user, one succeeds', async () => {
  const { ana, ben, cleo, server } = await newWorld();
  const group = await ana.createGroup('Rowing', ben);
  await ana.add(group, ben, 'admin');
  const { version } = await stored(server, group);
  const path = `/v1/groups/${group.id}/members/${cleo.id}`;
  const answers = await Promise.all(times(50, (i) => (i % 2 ? ana : ben).raw('PUT', path)));
  expect(answers.map(({ status }) => status).filter((status) => status !== 200)).toEqual([201]);
  expect(await stored(server, group)).toMatchObject({ members: 3, version: version + 1 });
});

it('the last of 50 members who leave concurrently deletes the group', async () => {
  const { ana, app, crowd, server } = await newWorld();
  const ids = await crowd(49);
  const group = await ana.createGroup('Crowd', ...ids);
  const leaving = ids.map((address) => app.removeMember({ id: group.id, address }, { onBehalfOf: address }));
  expect(await outcomes([...leaving, ana.leave(group)])).toEqual({ done: 50 });
  expect(await stored(server, group)).toMatchObject({ deleted: true });
});

it('each group keeps one owner until it is empty, while 50 accounts that read are removed concurrently', async () => {
  const { ana, app, crowd, server } = await newWorld();
  const ids = await crowd(50);
  const groups = await Promise.all(
    times(10, (i) => app.createGroup({ name: `Crowd ${i}`, members: [...ids, ana.id] }, { onBehalfOf: ids[i]! })),
  );
  const messages = await Promise.all(groups.map((group) => ana.sendTo(group, 'goodbye')));
  const reading = times(100, (i) => app.markRead({ id: messages[i % 10]!.id }, { onBehalfOf: ids[i % 50]! }));
  const removing = ids.map((address) => app.removeUser({ address }));
  const [removed] = await Promise.all([outcomes(removing), outcomes(reading)]);
  expect(removed).toEqual({ done: 50 });
  for (const group of groups) {
    expect(await stored(server, group)).toMatchObject({ members: 1, owners: 1 });
    expect(await ana.api.getGroup({ id: group.id })).toMatchObject({ role: 'owner', memberCount: 1 });
  }
});

it('a removal of an account that waits for moving markers hands over every group all the same', async () => {
  const { ana, ben, server } = await newWorld();
  const groups = await Promise.all(times(10, (i) => ana.createGroup(`Rowing ${i}`, ben)));
  const client = await server.db.connect();
  await client.query('BEGIN');
  await client.query(
    `UPDATE members SET delivered_seq = delivered_seq WHERE user_id = $1 AND conversation_id = ANY ($2::uuid[])`,
    [ben.id, groups.slice(3, 6).map(({ id }) => id)],
  );
  const removing = ana.api.removeMe();
  await lockAwaited(server);
  await client.query('COMMIT');
  client.release();
  await removing;
  for (const group of groups) {
    expect(await stored(server, group)).toMatchObject({ members: 1 });
    expect(await ben.api.getGroup({ id: group.id })).toMatchObject({ role: 'owner' });
  }
});

it('50 concurrent requests that make different members owner leave one owner', async () => {
  const { ana, ben, cleo, dan, server } = await newWorld();
  const people = [ana, ben, cleo, dan];
  const group = await ana.createGroup('Rowing', ben, cleo, dan);
  const { version } = await stored(server, group);
  const handing = times(50, (i) => people[i % 4]!.add(group, people[(i * 3 + 1) % 4]!, 'owner'));
  const { done, ...refused } = await outcomes(handing);
  expect(done).toBeGreaterThan(0);
  expect(Object.keys(refused).filter((code) => code !== 'forbidden')).toEqual([]);
  expect((await stored(server, group)).version).toBeLessThanOrEqual(version + done!);
});

it("after any concurrent changes, a group's count, owner and members agree", async () => {
  const { ana, app, crowd, server } = await newWorld();
  for (let round = 0; round < 5; round++) {
    const ids = [...(await crowd(7)), ana.id];
    const group = await ana.createGroup('Chaos', ...ids);
    for (const address of ids.slice(0, 2)) await ana.add(group, address, 'admin');
    const { version } = await stored(server, group);
    const acting = times<unknown>(50, (i) => {
      const [onBehalfOf, address] = [ids[(i * 5 + round) % 8]!, ids[(i * 3 + 2 * round) % 8]!];
      const who = { id: group.id, address };
      if (i % 5 === 0) return app.removeMember({ id: group.id, address: onBehalfOf }, { onBehalfOf });
      if (i % 5 === 1) return app.removeMember(who, { onBehalfOf });
      if (round === 4 && i === 30) return ana.api.removeGroup({ id: group.id });
      const role = (['owner', 'admin', 'member'] as const)[i % 3]!;
      return app.putMember({ ...who, role }, { onBehalfOf });
    });
    const { done = 0, ...refused } = await outcomes(acting);
    const allowed = ['forbidden', 'group-not-found', 'not-a-member'];
    expect(Object.keys(refused).filter((code) => !allowed.includes(code))).toEqual([]);
    const after = await stored(server, group);
    if (after.swept) continue; // and its version with it
    expect(after.version).toBeGreaterThan(version);
    expect(after.version).toBeLessThanOrEqual(version + 2 * done); // an owner who leaves hands over first
  }
});

it('a member who joins while others write reads exactly the messages after their joinedSeq', async () => {
  const { ana, ben } = await newWorld();
  const group = await ana.createGroup('Rowing');
  const sending = times(50, (i) => ana.sendTo(group, `message ${i}`));
  const joining = ana.add(group, ben);
  await Promise.all([...sending, joining]);
  const { joinedSeq, lastSeq } = await ben.conversation(group);
  expect(lastSeq).toBe(50);
  const all = (await ana.messages()).map(({ seq }) => seq);
  expect(all).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  expect((await ben.messages()).map(({ seq }) => seq)).toEqual(all.slice(joinedSeq));
});

it('50 concurrent requests leave a marker at the furthest of them', async () => {
  const { ana, ben } = await newWorld();
  const sent = await Promise.all(times(50, (i) => ana.sendTo(ben, `message ${i}`)));
  await Promise.all(sent.slice(0, 40).map((message, i) => (i % 2 ? ben.read(message) : ben.delivered(message))));
  const furthest = (of: typeof sent): number => Math.max(...of.map(({ seq }) => seq));
  const read = furthest(sent.slice(0, 40).filter((_, i) => i % 2 === 1));
  expect(await ben.conversation(ana)).toMatchObject({
    readSeq: read,
    deliveredSeq: furthest(sent.slice(0, 40)),
    unread: 50 - read,
  });
});
