import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  alreadyBlocked,
  conversationNotFound,
  groupNotFound,
  notSignedIn,
  recipientBlockedYou,
  recipientNotFound,
  userNotFound,
  wrongCredentials,
} from '../src/common/problems.js';
import { CALLERS, newWorld } from './support/world.js';

it('people register with a name that others have too', async () => {
  const { app } = await newWorld();
  const [one, two] = [await app.createUser({ displayName: 'Sam' }), await app.createUser({ displayName: 'Sam' })];
  expect([one.displayName, two.displayName]).toEqual(['Sam', 'Sam']);
  expect(one.id).not.toBe(two.id);
});

it('a person registers, logs in, is known by the token, changes and leaves', async () => {
  const { anyone } = await newWorld();
  const username = `eve.${randomUUID().slice(0, 8)}`;
  const password = 'a long enough password';
  const { id } = await anyone.createUser({ username, password });
  const { accessToken } = await anyone.createSession({ username, password });
  const eve = anyone.with({ accessToken });
  expect(await eve.getMe()).toMatchObject({ id, username, displayName: username });
  expect(await eve.updateMe({ displayName: 'Eve' })).toMatchObject({ id, displayName: 'Eve' });
  await eve.removeMe();
  await expect(eve.getMe()).rejects.toBeProblem(notSignedIn);
  await expect(anyone.createSession({ username, password })).rejects.toBeProblem(wrongCredentials);
});

it('an application registers, authenticates, changes and removes its users', async () => {
  const { app, anyone } = await newWorld();
  const { id } = await app.createUser({ displayName: 'Eve' });
  const { accessToken } = await app.createUserSession({ address: id });
  expect(await anyone.with({ accessToken }).getMe()).toMatchObject({ id, displayName: 'Eve' });
  const eve = app.with({ onBehalfOf: id });
  expect(await eve.updateMe({ displayName: 'Eva' })).toMatchObject({ id, displayName: 'Eva' });
  expect(await app.updateUser({ address: id, displayName: 'Evi' })).toMatchObject({ id, displayName: 'Evi' });
  await eve.removeMe();
  await expect(app.updateUser({ address: id, displayName: 'Eve' })).rejects.toBeProblem(userNotFound);
});

describe.each(CALLERS)('as %s', (as) => {
  it('one sends to a user, and to a group', async () => {
    const { ana, ben } = await newWorld({ as });
    const group = await ana.createGroup('Trip', ben);
    expect(await ana.sendTo(ben, 'to Ben')).toMatchObject({ recipient: { kind: 'user', id: ben.id } });
    expect(await ana.sendTo(group, 'to all')).toMatchObject({ recipient: { kind: 'group', id: group.id } });
    expect(await ben.texts()).toEqual(['to Ben', 'to all']);
  });

  it('one blocks, and asks who is blocked from sending to whom', async () => {
    const { ana, ben } = await newWorld({ as });
    await ana.block(ben);
    expect(await ana.api.getBlock({ address: ben.address })).toMatchObject({ blocked: true, blocksYou: false });
    expect(await ben.api.getBlock({ address: ana.address })).toMatchObject({ blocked: false, blocksYou: true });
    await expect(ben.sendTo(ana, 'hello')).rejects.toBeProblem(recipientBlockedYou);
  });

  it('one creates a group with members, adds to it and removes from it', async () => {
    const { ana, ben, cleo } = await newWorld({ as });
    const group = await ana.createGroup('Trip', ben);
    await ana.add(group, cleo.address);
    await ana.remove(group, ben.address);
    const { items } = await ana.api.listMembers({ id: group.id });
    expect(items.map(({ user }) => user.displayName).toSorted()).toEqual(['Ana', 'Cleo']);
    await expect(ben.sendTo(group, 'still there?')).rejects.toBeProblem(recipientNotFound);
  });

  it('one lists the messages of a user: new ones, all, between sender and recipient, by whether they are read', async () => {
    const { ana, ben, cleo } = await newWorld({ as });
    await ben.read(await ana.sendTo(ben, 'from Ana, read'));
    await cleo.sendTo(ben, 'from Cleo, new');
    await ana.sendTo(ben, 'from Ana, new');
    await ben.sendTo(ana, 'from Ben');
    expect(await ben.texts({ read: false })).toEqual(['from Cleo, new', 'from Ana, new']);
    expect(await ben.texts({ read: true })).toEqual(['from Ana, read']);
    expect(await ben.texts()).toEqual(['from Ana, read', 'from Cleo, new', 'from Ana, new', 'from Ben']);
    const between = { sender: ana.id, recipient: ben.id };
    expect(await ben.texts(between)).toEqual(['from Ana, read', 'from Ana, new']);
    expect(await ana.texts(between)).toEqual(['from Ana, read', 'from Ana, new']);
    expect(await ana.texts({ ...between, read: true })).toEqual(['from Ana, read']);
    expect(await ben.messages({ read: false })).toMatchObject([
      { sender: { displayName: 'Cleo' } },
      { sender: { displayName: 'Ana' } },
    ]);
  });

  it('what is done with unknown users and groups fails, and blocking twice', async () => {
    const { ana, ben, cleo } = await newWorld({ as });
    const group = await ana.createGroup('Trip', ben);
    for (const unknown of [randomUUID(), '@nobody.at.all']) {
      await expect(ana.sendTo(unknown, 'hello')).rejects.toBeProblem(recipientNotFound);
      await expect(ana.block(unknown)).rejects.toBeProblem(userNotFound);
      await expect(ana.api.getBlock({ address: unknown })).rejects.toBeProblem(userNotFound);
      await expect(ana.createGroup('Other', unknown)).rejects.toBeProblem(userNotFound);
      await expect(ana.add(group, unknown)).rejects.toBeProblem(userNotFound);
      await expect(ana.messages({ sender: unknown })).rejects.toBeProblem(userNotFound);
    }
    const nothing = randomUUID();
    await expect(ana.add(nothing, cleo)).rejects.toBeProblem(groupNotFound);
    await expect(ana.remove(nothing, ben)).rejects.toBeProblem(groupNotFound);
    await expect(ana.messages({ recipient: nothing })).rejects.toBeProblem(recipientNotFound);
    await expect(ana.messages({ conversation: nothing })).rejects.toBeProblem(conversationNotFound);
    await ana.block(ben);
    await expect(ana.block(ben)).rejects.toBeProblem(alreadyBlocked);
  });
});
