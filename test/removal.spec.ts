import { describe, expect, it } from '@jest/globals';
import {
  actingUserNotFound,
  conversationNotFound,
  groupNotFound,
  notSignedIn,
  recipientBlockedYou,
  recipientNotFound,
  userNotFound,
  wrongCredentials,
} from '../src/common/problems.js';
import { newWorld } from './support/world.js';

const PASSWORD = 'correct horse battery';

describe('a user who removed their account', () => {
  it('a removed user is refused at once, everywhere, and cannot log in', async () => {
    const { anyone, app } = await newWorld();
    const { id } = await anyone.createUser({ username: 'leaving', password: PASSWORD });
    const tokens = await anyone.createSession({ username: 'leaving', password: PASSWORD });
    const [me, other] = [anyone.with(tokens), anyone.with(await app.createUserSession({ address: id }))];
    await other.getMe();
    await me.removeMe();
    for (const api of [me, other]) await expect(api.getMe()).rejects.toBeProblem(notSignedIn);
    await expect(anyone.refreshSession({ refreshToken: tokens.refreshToken })).rejects.toBeProblem(notSignedIn);
    await expect(anyone.createSession({ username: 'leaving', password: PASSWORD })).rejects.toBeProblem(
      wrongCredentials,
    );
    await expect(app.with({ onBehalfOf: id }).getMe()).rejects.toBeProblem(actingUserNotFound);
  });

  it('a removed user leaves no password, session, membership or block behind', async () => {
    const world = await newWorld();
    const { anyone, ana, server } = world;
    const { id } = await anyone.createUser({ username: 'traceless', password: PASSWORD });
    const me = anyone.with(await anyone.createSession({ username: 'traceless', password: PASSWORD }));
    await me.sendMessage({ recipient: ana.id, text: 'bye' });
    await me.createGroup({ name: 'Ours', members: [ana.id] });
    await me.addBlock({ user: world.ben.id });
    await me.removeMe();
    for (const [table, column] of [
      ['credentials', 'user_id'],
      ['sessions', 'user_id'],
      ['members', 'user_id'],
      ['blocks', 'blocker_id'],
    ]) {
      const { rows } = await server.db.query(`SELECT FROM ${table} WHERE ${column} = $1`, [id]);
      expect([table, rows]).toEqual([table, []]);
    }
    const { rows } = await server.db.query('SELECT username, external_id, display_name FROM users WHERE id = $1', [id]);
    expect(rows).toEqual([{ username: null, external_id: null, display_name: '' }]);
  });

  it('a removal frees the username and the externalId for others', async () => {
    const { app } = await newWorld();
    const names = { username: 'phoenix', externalId: 'crm:phoenix' };
    const first = await app.createUser(names);
    await app.removeUser({ address: '@phoenix' });
    const second = await app.createUser(names);
    expect(second.id).not.toBe(first.id);
    expect(await app.getUser({ address: 'ext:crm:phoenix' })).toMatchObject({ id: second.id });
  });

  it('a removed user is shown by id as deleted, without names, and not found otherwise', async () => {
    const { ana, ben } = await newWorld();
    const { createdAt } = await ben.api.getMe();
    await ben.api.removeMe();
    const shown = { id: ben.id, displayName: 'Deleted user', deleted: true, createdAt };
    expect(await ana.api.getUser({ address: ben.id })).toEqual(shown);
    await expect(ana.api.getUser({ address: ben.address })).rejects.toBeProblem(userNotFound);
    expect((await ana.api.listUsers({ search: ben.username })).items).toEqual([]);
  });

  it('of 20 concurrent removals of a user one succeeds', async () => {
    const { app, ana } = await newWorld();
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => app.removeUser({ address: ana.id })));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toBeProblem(userNotFound);
    }
  });

  it('a removed user is not logged in by a concurrent login or new session', async () => {
    const { anyone, app, server } = await newWorld();
    for (let round = 0; round < 5; round++) {
      const { id } = await app.createUser({});
      const giving = Array.from({ length: 10 }, () => app.createUserSession({ address: id }));
      const [, ...answers] = await Promise.allSettled([app.removeUser({ address: id }), ...giving]);
      const { rows } = await server.db.query('SELECT FROM sessions WHERE user_id = $1', [id]);
      expect(rows).toEqual([]);
      for (const answer of answers) {
        if (answer.status === 'rejected') expect(answer.reason).toBeProblem(userNotFound);
        else await expect(anyone.with(answer.value).getMe()).rejects.toBeProblem(notSignedIn);
      }
    }
  });
});

describe('what others see of a removed user', () => {
  it(`a removed user's messages stay, from "Deleted user", in direct conversations and groups`, async () => {
    const { ana, ben, cleo } = await newWorld();
    const group = await ana.createGroup('Trip', ben, cleo);
    await ben.sendTo(ana, 'direct');
    await ben.sendTo(group, 'to all');
    await ben.api.removeMe();
    const sender = { id: ben.id, displayName: 'Deleted user', deleted: true };
    expect(await ana.messages()).toMatchObject([
      { text: 'direct', sender },
      { text: 'to all', sender },
    ]);
    expect(await cleo.messages()).toMatchObject([{ text: 'to all', sender }]);
    expect(await ana.texts({ sender: ben.id })).toEqual(['direct', 'to all']);
    expect(await ana.conversation(ben)).toMatchObject({
      kind: 'direct',
      user: sender,
      lastMessage: { text: 'direct' },
    });
  });

  it('a removed user cannot get a message, be blocked or be added to a group', async () => {
    const { ana, ben, cleo } = await newWorld();
    await ana.sendTo(ben, 'before');
    await ben.api.removeMe();
    for (const who of [ana, cleo]) {
      await expect(who.sendTo(ben, 'after')).rejects.toBeProblem(recipientNotFound);
      await expect(who.sendTo(ben.address, 'after')).rejects.toBeProblem(recipientNotFound);
    }
    await expect(ana.block(ben)).rejects.toBeProblem(userNotFound);
    await expect(ana.createGroup('Trip', ben)).rejects.toBeProblem(userNotFound);
    const group = await ana.createGroup('Trip');
    await expect(ana.add(group, ben)).rejects.toBeProblem(userNotFound);
    expect(await ana.texts()).toEqual(['before']);
  });

  it("a removed owner's groups get the longest-standing admin, else member, as owner; a group without others is deleted", async () => {
    const { ana, ben, cleo, dan } = await newWorld();
    const led = await ana.createGroup('Led', ben, cleo);
    await ana.add(led, dan);
    await ana.add(led, dan, 'admin');
    const plain = await ana.createGroup('Plain', ben);
    await ana.add(plain, cleo);
    const alone = await ana.createGroup('Alone');
    const joined = await ben.createGroup('Joined', ana);
    await ana.api.removeMe();
    const roles = async (group: { id: string }): Promise<string[]> =>
      (await ben.api.listMembers({ id: group.id })).items
        .map(({ user, role }) => `${user.displayName} ${role}`)
        .toSorted();
    expect(await roles(led)).toEqual(['Ben member', 'Cleo member', 'Dan owner']);
    expect(await roles(plain)).toEqual(['Ben owner', 'Cleo member']);
    expect(await roles(joined)).toEqual(['Ben owner']);
    expect(await ben.api.getGroup({ id: joined.id })).toMatchObject({ memberCount: 1 });
    await expect(ben.api.getGroup({ id: alone.id })).rejects.toBeProblem(groupNotFound);
  });

  it("a removed user's own blocks are gone; blocks against them stay, so hidden messages stay hidden", async () => {
    const { ana, ben, cleo } = await newWorld();
    const group = await cleo.createGroup('Trip', ana, ben);
    await ben.sendTo(group, 'hidden from ana');
    await ana.block(ben);
    await ben.block(cleo);
    await expect(cleo.sendTo(ben, 'hi')).rejects.toBeProblem(recipientBlockedYou);
    await ben.api.removeMe();
    await expect(cleo.sendTo(ben, 'hi')).rejects.toBeProblem(recipientNotFound);
    expect(await ana.texts()).toEqual([]);
    expect(await cleo.texts()).toEqual(['hidden from ana']);
    const { items } = await ana.api.listBlocks();
    expect(items).toMatchObject([{ user: { id: ben.id, deleted: true } }]);
    await ana.unblock(ben.id);
    expect(await ana.texts()).toEqual(['hidden from ana']);
  });

  it('a direct conversation is gone when both its users are removed', async () => {
    const { ana, ben, cleo } = await newWorld();
    const { conversationId } = await ana.sendTo(ben, 'hello');
    await ana.api.removeMe();
    expect(await ben.api.getConversation({ conversation: conversationId })).toMatchObject({ id: conversationId });
    await ben.api.removeMe();
    await expect(cleo.api.getConversation({ conversation: conversationId })).rejects.toBeProblem(conversationNotFound);
  });

  it('a user in many conversations is removed in one request', async () => {
    const { ana, ben, app, server, crowd } = await newWorld();
    const others = await crowd(150);
    for (const id of others) await app.with({ onBehalfOf: ana.id }).sendMessage({ recipient: id, text: 'hello' });
    await Promise.all(Array.from({ length: 50 }, (_, i) => ana.createGroup(`Group ${i}`, ben)));
    await ana.api.removeMe();
    const { rows } = await server.db.query('SELECT FROM members WHERE user_id = $1', [ana.id]);
    expect(rows).toEqual([]);
    const groups: string[] = [];
    for await (const { role, memberCount } of ben.api.each('listGroups')) groups.push(`${role} ${memberCount}`);
    expect(groups).toEqual(Array(50).fill('owner 1'));
  });
});
