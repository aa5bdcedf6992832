import { expect, it } from '@jest/globals';
import { Refused } from './support/live-client.js';
import { LiveLog } from './support/live-log.js';
import { newWorld } from './support/world.js';

it('a socket gets messages from before and while it is open, and a reply for each send', async () => {
  const { ana, ben } = await newWorld();
  await ana.sendTo(ben, 'before');
  const socket = await ben.connect();
  expect(await socket.texts(1)).toEqual(['before']);
  await socket.next('ready');
  await ana.sendTo(ben, 'during');
  expect((await socket.next('message')).message).toMatchObject({ text: 'during', sender: { displayName: 'Ana' } });
  expect(await socket.send(ana, 'back')).toMatchObject({ status: 201, message: { text: 'back' } });
  expect((await socket.next('message')).message.text).toBe('back');
  socket.sendBad({ type: 'nonsense' });
  expect((await socket.next('problem')).problem.code).toBe('malformed');
  expect((await socket.close()).code).toBe(1005);
});

it('an upgrade without a valid token is refused', async () => {
  const { ben } = await newWorld();
  const refused = ben.connect({ headers: { Authorization: 'Bearer no' } });
  await expect(refused).rejects.toMatchObject({ status: 401, code: 'not-signed-in' });
  await expect(refused).rejects.toBeInstanceOf(Refused);
  expect((await (await ben.connect({ token: 'no', resume: false })).closed()).code).toBe(4401);
});

it('a LiveLog that connects and drops equals a fresh load, through joins, blocks and gaps', async () => {
  const { ana, ben, cleo } = await newWorld();
  const group = await ana.createGroup('Rowing', ben, cleo);
  for (let i = 0; i < 5; i++) await cleo.sendTo(group, `cleo ${i}`);
  await ana.sendTo(ben, 'hello');
  const log = new LiveLog(ben);
  await log.catchUp();
  expect(log.contents()).toEqual(await log.freshLoad());

  await log.drop();
  await ana.sendTo(group, 'while away');
  await ana.remove(group, ben);
  await ana.sendTo(group, 'not for ben');
  await ana.add(group, ben);
  await ana.sendTo(group, 'after coming back');
  await ben.block(cleo);
  await cleo.sendTo(group, 'hidden');
  await log.catchUp();
  expect(log.texts(group.id)).toEqual(['after coming back']);

  await ben.unblock(cleo);
  await cleo.sendTo(group, 'shown');
  await log.catchUp();
  await log.holds('shown');
  expect(log.texts(group.id)).toEqual(['after coming back', 'hidden', 'shown']);
  await log.drop();
  await log.catchUp();
  expect(log.contents()).toEqual(await log.freshLoad());
});
