import { describe, expect, it } from '@jest/globals';
import {
  conversationNotFound,
  forbidden,
  groupFull,
  groupNotFound,
  invalid,
  malformed,
  recipientNotFound,
  userNotFound,
} from '../src/common/problems.js';
import { outcomes, times } from './support/races.js';
import { CALLERS, newWorld, type World } from './support/world.js';

type Person = World['ana'];

/** The members of the group and their roles, as this member sees them. */
async function roles(me: Person, group: { id: string }): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { user, role } of me.api.each('listMembers', { id: group.id })) found[user.displayName] = role;
  return found;
}

describe.each(CALLERS)('a group (called as %s)', (as) => {
  it('a group is created by its owner, with its first members', async () => {
    const { ana, ben, cleo } = await newWorld({ as });
    const group = await ana.createGroup('Rowing', ben, cleo.address);
    expect(group).toMatchObject({ name: 'Rowing', memberCount: 3, role: 'owner' });
    expect(await roles(ana, group)).toEqual({ Ana: 'owner', Ben: 'member', Cleo: 'member' });
    expect(await ben.api.getGroup({ id: group.id })).toEqual({ ...group, role: 'member' });
  });

  it('a group may begin with its owner alone', async () => {
    const { ana } = await newWorld({ as });
    expect(await ana.api.createGroup({ name: 'Notes' })).toMatchObject({ memberCount: 1, role: 'owner' });
    expect(await ana.createGroup('More notes')).toMatchObject({ memberCount: 1 });
  });

  it('a new group counts its creator and each named user once', async () => {
    const { ana, ben } = await newWorld({ as });
    const group = await ana.createGroup('Rowing', ben, ben.address, ben.id.toUpperCase(), ana, `@${ana.username}`);
    expect(group.memberCount).toBe(2);
    expect(await roles(ana, group)).toEqual({ Ana: 'owner', Ben: 'member' });
  });

  it('a group with an unknown member is not created; the refusal names them', async () => {
    const { ana, ben, counts } = await newWorld({ as });
    const before = await counts();
    const made = ana.createGroup('Rowing', ben, '@nobody.at.all', 'nonsense');
    await expect(made).rejects.toBeProblem(userNotFound);
    await expect(made).rejects.toMatchObject({ detail: expect.stringContaining('@nobody.at.all, nonsense') });
    expect(await counts()).toEqual(before);
  });

  it('a group is renamed by its owner and admins, not by members', async () => {
    const { ana, ben, cleo } = await newWorld({ as });
    const group = await ana.createGroup('Rowing', ben, cleo);
    await ana.add(group, ben, 'admin');
    expect(await ana.api.updateGroup({ id: group.id, name: 'Sailing' })).toMatchObject({
      name: 'Sailing',
      role: 'owner',
    });
    expect(await ben.api.updateGroup({ id: group.id, name: 'Diving' })).toMatchObject({
      name: 'Diving',
      role: 'admin',
    });
    await expect(cleo.api.updateGroup({ id: group.id, name: 'Mine' })).rejects.toBeProblem(forbidden);
    expect(await cleo.api.getGroup({ id: group.id })).toMatchObject({ name: 'Diving' });
  });

  it('a group is deleted by its owner alone, with its messages', async () => {
    const { ana, ben, cleo } = await newWorld({ as });
    const group = await ana.createGroup('Rowing', ben, cleo);
    await ana.add(group, ben, 'admin');
    await ana.sendTo(group, 'see you');
    for (const other of [ben, cleo])
      await expect(other.api.removeGroup({ id: group.id })).rejects.toBeProblem(forbidden);
    await ana.api.removeGroup({ id: group.id });
    for (const member of [ana, ben, cleo]) {
      await expect(member.api.getGroup({ id: group.id })).rejects.toBeProblem(groupNotFound);
      await expect(member.sendTo(group, 'hello?')).rejects.toBeProblem(recipientNotFound);
      await expect(member.conversation(group)).rejects.toBeProblem(conversationNotFound);
      expect(await member.texts()).toEqual([]);
      expect((await member.api.listGroups()).items).toEqual([]);
    }
  });

  it('a group does not exist for a user who is not in it', async () => {
    const { ana, ben, stranger } = await newWorld({ as });
    const group = await ana.createGroup('Rowing', ben);
    const { id } = group;
    await expect(stranger.api.getGroup({ id })).rejects.toBeProblem(groupNotFound);
    await expect(stranger.api.updateGroup({ id, name: 'Mine' })).rejects.toBeProblem(groupNotFound);
    await expect(stranger.api.removeGroup({ id })).rejects.toBeProblem(groupNotFound);
    await expect(stranger.api.listMembers({ id })).rejects.toBeProblem(groupNotFound);
    for (const who of [stranger, ben, '@nobody.at.all']) {
      await expect(stranger.add(group, who)).rejects.toBeProblem(groupNotFound);
      await expect(stranger.remove(group, who)).rejects.toBeProblem(groupNotFound);
    }
    expect((await stranger.api.listGroups()).items).toEqual([]);
    expect(await roles(ana, group)).toEqual({ Ana: 'owner', Ben: 'member' });
  });
});

it.each(['nonsense', '@ana', '00000000-0000-7000-8000-000000000000'])('there is no group %s', async (id) => {
  const { ana, ben } = await newWorld();
  await expect(ana.api.getGroup({ id })).rejects.toBeProblem(groupNotFound);
  await expect(ana.api.updateGroup({ id, name: 'x' })).rejects.toBeProblem(groupNotFound);
  await expect(ana.api.removeGroup({ id })).rejects.toBeProblem(groupNotFound);
  await expect(ana.api.listMembers({ id })).rejects.toBeProblem(groupNotFound);
  await expect(ana.api.putMember({ id, address: ben.id })).rejects.toBeProblem(groupNotFound);
  await expect(ana.api.removeMember({ id, address: ben.id })).rejects.toBeProblem(groupNotFound);
});

it('a direct conversation is not a group', async () => {
  const { ana, ben } = await newWorld();
  const { conversationId: id } = await ana.sendTo(ben, 'hello');
  await expect(ana.api.getGroup({ id })).rejects.toBeProblem(groupNotFound);
  await expect(ana.api.updateGroup({ id, name: 'x' })).rejects.toBeProblem(groupNotFound);
  await expect(ana.api.removeGroup({ id })).rejects.toBeProblem(groupNotFound);
  await expect(ana.api.putMember({ id, address: ana.id })).rejects.toBeProblem(groupNotFound);
  await expect(ana.api.removeMember({ id, address: ana.id })).rejects.toBeProblem(groupNotFound);
  expect((await ana.api.listGroups()).items).toEqual([]);
});

it('a new group is answered with its Location', async () => {
  const { ana } = await newWorld();
  const answer = await ana.raw('POST', '/v1/groups', { body: { name: 'Rowing' } });
  expect(answer.status).toBe(201);
  const { id } = JSON.parse(answer.text) as { id: string };
  expect(answer.headers.get('Location')).toBe(`/v1/groups/${id}`);
});

it('a group name has 1 to 80 characters, and not only white space', async () => {
  const { ana, counts } = await newWorld();
  const longest = '🚣'.repeat(80);
  const group = await ana.createGroup(longest);
  expect(group.name).toBe(longest);
  const before = await counts();
  for (const name of ['', '  \t', `${longest}🚣`, 'a\u0000b', '\ud800', 7, null, undefined]) {
    expect(await ana.raw('POST', '/v1/groups', { body: { name } })).toBeProblem(invalid, 'name');
    expect(await ana.raw('PATCH', `/v1/groups/${group.id}`, { body: { name } })).toBeProblem(invalid, 'name');
  }
  expect(await counts()).toEqual(before);
});

it('the members of a new group must be a list of addresses', async () => {
  const { ana } = await newWorld();
  for (const members of ['@ben', [7], [''], [null], null, ['x'.repeat(401)]]) {
    expect(await ana.raw('POST', '/v1/groups', { body: { name: 'x', members } })).toBeProblem(invalid, 'members');
  }
  expect(await ana.raw('POST', '/v1/groups', { body: { name: 'x', owner: 'me' } })).toBeProblem(invalid, 'owner');
});

it('a removed user cannot be a first member of a group', async () => {
  const { ana, ben } = await newWorld();
  await ben.api.removeMe();
  await expect(ana.createGroup('Rowing', ben)).rejects.toBeProblem(userNotFound);
});

it('an application names members by its own ids; a user cannot', async () => {
  const { ana, asApp, app, ben } = await newWorld();
  const address = `ext:${ben.username}`;
  const { id } = await app.putUser({ address, displayName: 'Ben of the application' });
  const group = await asApp.ana.createGroup('Rowing', address, id);
  expect(group.memberCount).toBe(2);
  await expect(ana.createGroup('Rowing', address)).rejects.toBeProblem(userNotFound);
});

it('a list of groups comes in pages, newest first, without direct conversations', async () => {
  const { ana, ben } = await newWorld();
  await ana.sendTo(ben, 'hello');
  for (const name of ['one', 'two', 'three']) await ben.createGroup(name, ana);
  const first = await ana.api.listGroups({ limit: 2 });
  expect(first.items.map(({ name, role }) => [name, role])).toEqual([
    ['three', 'member'],
    ['two', 'member'],
  ]);
  const second = await ana.api.listGroups({ limit: 2, cursor: first.next! });
  expect(second.items.map(({ name }) => name)).toEqual(['one']);
  expect(second).not.toHaveProperty('next');
  await expect(ana.api.listGroups({ cursor: 'nonsense' })).rejects.toBeProblem(malformed);
});

describe('with at most 5 members', () => {
  const settings = { groupMaxMembers: 5 };

  it('a group with more members than the limit of 5 is not created', async () => {
    const { ana, crowd, counts } = await newWorld({ settings });
    const ids = await crowd(5);
    const before = await counts();
    await expect(ana.createGroup('Crowd', ...ids)).rejects.toBeProblem(groupFull);
    expect(await counts()).toEqual(before);
    expect(await ana.createGroup('Crowd', ana, ...ids.slice(1), ids[1]!)).toMatchObject({ memberCount: 5 });
  });

  it('a full group of 5 refuses another member, but roles change, and a member who leaves makes room', async () => {
    const { ana, ben, cleo, crowd } = await newWorld({ settings });
    const group = await ana.createGroup('Crowd', ben, ...(await crowd(3)));
    await expect(ana.add(group, cleo)).rejects.toBeProblem(groupFull);
    await ana.add(group, ben, 'admin');
    await ben.leave(group);
    await ana.add(group, cleo);
    expect(await ana.api.getGroup({ id: group.id })).toMatchObject({ memberCount: 5 });
  });

  it('of 50 concurrent additions to a group of at most 5, only as many succeed as there is room for', async () => {
    const { ana, ben, crowd } = await newWorld({ settings });
    const group = await ana.createGroup('Crowd', ben);
    await ana.add(group, ben, 'admin');
    const ids = await crowd(50);
    const adding = times(50, (i) => (i % 2 ? ana : ben).add(group, ids[i]!));
    expect(await outcomes(adding)).toEqual({ done: 3, 'group-full': 47 });
    expect(await ana.api.getGroup({ id: group.id })).toMatchObject({ memberCount: 5 });
    expect(Object.keys(await roles(ana, group))).toHaveLength(5);
  });
});

it('a group of 10,000 is created in one request, and its members are listed in pages, each once', async () => {
  const { ana, crowd } = await newWorld();
  const ids = await crowd(9_999);
  const group = await ana.createGroup('Everybody', ...ids);
  expect(group.memberCount).toBe(10_000);
  const seen: string[] = [];
  for await (const { user } of ana.api.each('listMembers', { id: group.id, limit: 200 })) seen.push(user.id);
  expect(seen).toHaveLength(10_000);
  expect(new Set(seen)).toEqual(new Set([ana.id, ...ids]));
  await expect(ana.add(group, (await crowd(1))[0]!)).rejects.toBeProblem(groupFull);
});
