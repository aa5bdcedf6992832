import { createSecretKey } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { SignJWT, decodeJwt } from 'jose';
import { Parley, ParleyError } from '../sdk/src/index.js';
import { notSignedIn, recipientNotFound } from '../src/common/problems.js';
import { checkedFetch } from './support/checked-fetch.js';
import { Followed, nextEvent } from './support/live-sdk.js';
import type { Person } from './support/person.js';
import { Proxy } from './support/proxy.js';
import { startServer, type TestServer } from './support/server.js';
import { CALLERS, newWorld, type World } from './support/world.js';

/** A client of this person with tokens that can be renewed. */
async function withTokens({ app, server }: World, person: Person): Promise<Parley> {
  const tokens = await app.createUserSession({ address: person.id });
  return new Parley({ baseUrl: server.url, tokens, fetch: checkedFetch });
}

/** The same session's token, for a few seconds only. */
function shortLived(token: string, { settings }: TestServer, seconds: number): Promise<string> {
  const { sub, sid } = decodeJwt(token);
  return new SignJWT({ sid })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(sub!)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
    .sign(createSecretKey(Buffer.from(settings.jwtSecret)));
}

/** The same person, calling through the proxy. */
const through = (proxy: Proxy, { headers }: Person): Parley =>
  new Parley({
    baseUrl: proxy.url.replace(/\/$/, ''),
    accessToken: headers.Authorization!.split(' ')[1]!,
    fetch: checkedFetch,
  });

it.each(CALLERS)(
  'calling as %s, a live client gets missed messages, then new ones, and sends, reads and types',
  async (as) => {
    const { ana, ben } = await newWorld({ as });
    await ana.sendTo(ben, 'missed');
    const bens = Followed.by(ben.api);
    const anas = Followed.by(ana.api);
    expect(await bens.texts(1)).toEqual(['missed']);
    await Promise.all([bens.live.ready(), anas.live.ready()]);

    const typing = nextEvent(bens.live, 'typing');
    anas.live.typing(bens.messages[0]!.conversationId);
    expect(await typing).toMatchObject({ userId: ana.id });

    const sent = await anas.live.send(ben.address, 'hello');
    expect(await bens.texts(2)).toEqual(['missed', 'hello']);
    expect(await anas.texts(2)).toEqual(['missed', 'hello']);

    const receipt = nextEvent(anas.live, 'receipt', ({ userId, readSeq }) => userId === ben.id && readSeq === sent.seq);
    bens.live.read(sent);
    await receipt;
    expect(await ben.unread()).toEqual([]);
    await expect(anas.live.send('@nobody.at.all', 'hello')).rejects.toBeProblem(recipientNotFound);
  },
);

it('a live client marks received messages as delivered, unless that is switched off', async () => {
  const { ana, ben, cleo } = await newWorld();
  const bens = Followed.by(ben.api);
  const cleos = Followed.by(cleo.api, { delivered: false });
  const anas = Followed.by(ana.api);
  await Promise.all([bens, cleos, anas].map(({ live }) => live.ready()));
  const { seq } = await ana.sendTo(cleo, 'one');
  await cleos.texts(1);
  const receipt = nextEvent(anas.live, 'receipt', ({ userId }) => userId !== ana.id);
  await ana.sendTo(ben, 'two');
  expect(await receipt).toMatchObject({ userId: ben.id, deliveredSeq: seq, readSeq: 0 });
  expect(await cleo.conversation(ana)).toMatchObject({ deliveredSeq: 0 });
});

it('a loop gets each message once, and a live client continues from the state of another', async () => {
  const { ana, ben } = await newWorld();
  for (const text of ['one', 'two', 'three']) await ana.sendTo(ben, text);
  const first = ben.api.live();
  const seen: string[] = [];
  for await (const { text } of first) {
    seen.push(text);
    if (seen.length === 2) break;
  }
  await first.ready();
  const state = JSON.parse(JSON.stringify(first.state())) as ReturnType<typeof first.state>;
  first.close();
  await ana.sendTo(ben, 'four');

  const second = ben.api.live({ state });
  for await (const { text } of second) {
    seen.push(text);
    if (text === 'four') second.close();
  }
  expect(seen).toEqual(['one', 'two', 'three', 'four']);
});

it('a live client loses, doubles and reorders nothing while its connection is cut repeatedly', async () => {
  const { ana, ben, server } = await newWorld();
  const proxy = await Proxy.before(server.url);
  const group = await ana.createGroup('Rowing', ben);
  const bens = Followed.by(through(proxy, ben));
  const anas = Followed.by(through(proxy, ana));
  await Promise.all([bens.live.ready(), anas.live.ready()]);
  const texts = Array.from({ length: 30 }, (_, i) => `message ${i}`);
  const sends: Promise<unknown>[] = [];
  for (const [i, text] of texts.entries()) {
    sends.push(anas.live.send(group.id, text));
    if (i % 10 !== 5) continue;
    proxy.cut();
    const back = nextEvent(bens.live, 'ready');
    proxy.mend();
    await back;
  }
  await Promise.all(sends);
  expect(await bens.texts(texts.length)).toEqual(texts);
  expect(await anas.texts(texts.length)).toEqual(texts);
  await proxy.close();
});

it('a live client continues after a restart of the server, and its messages from meanwhile are stored once', async () => {
  const before = await startServer();
  const { ana, ben } = await newWorld({ on: before });
  const bens = Followed.by(ben.api);
  const anas = Followed.by(ana.api);
  await Promise.all([bens.live.ready(), anas.live.ready()]);
  await anas.live.send(ben.id, 'before');

  const lost = nextEvent(anas.live, 'connection', ({ state }) => state === 'waiting');
  const port = Number(new URL(before.url).port);
  await before.stop();
  await lost;
  const sent = anas.live.send(ben.id, 'while it is down');
  await startServer({ databaseUrl: before.settings.databaseUrl, port });
  expect((await sent).text).toBe('while it is down');
  await anas.live.send(ben.id, 'after');
  expect(await bens.texts(3)).toEqual(['before', 'while it is down', 'after']);
  expect(await ben.texts()).toEqual(['before', 'while it is down', 'after']);
});

it('membership that changes while a live client is connected, or away, begins and ends conversations', async () => {
  const { ana, ben, server } = await newWorld();
  const proxy = await Proxy.before(server.url);
  const bens = Followed.by(through(proxy, ben));
  await bens.live.ready();
  const joined = nextEvent(bens.live, 'conversation');
  const group = await ana.createGroup('Rowing', ben);
  expect(await joined).toMatchObject({ change: 'joined', conversationId: group.id, user: { id: ben.id } });
  await ana.sendTo(group, 'one');
  await bens.texts(1);

  const gone = nextEvent(bens.live, 'gone');
  await ana.remove(group, ben);
  expect(await gone).toEqual({ conversationId: group.id, reason: 'left' });
  await ana.sendTo(group, 'not for ben');
  await ana.add(group, ben);
  await ana.sendTo(group, 'two');
  expect(await bens.texts(2)).toEqual(['one', 'two']);

  const anew = nextEvent(bens.live, 'gone');
  const away = nextEvent(bens.live, 'connection', ({ state }) => state === 'waiting');
  proxy.cut();
  await away;
  await ana.remove(group, ben);
  await ana.add(group, ben);
  await ana.sendTo(group, 'three');
  proxy.mend();
  expect(await anew).toEqual({ conversationId: group.id, reason: 'joined' });
  expect(await bens.texts(3)).toEqual(['one', 'two', 'three']);
  await proxy.close();
});

it('a block drops the groups of a live client, which then continue without the blocked user', async () => {
  const { ana, ben, cleo } = await newWorld();
  const group = await ana.createGroup('Rowing', ben, cleo);
  const bens = Followed.by(ben.api);
  await bens.live.ready();
  await cleo.sendTo(group, 'shown');
  await bens.texts(1);
  const gone = nextEvent(bens.live, 'gone');
  const ready = nextEvent(bens.live, 'ready');
  await ben.block(cleo);
  expect(await gone).toEqual({ conversationId: group.id, reason: 'blocks' });
  await ready;
  bens.messages.length = 0;
  await cleo.sendTo(group, 'hidden');
  await ana.sendTo(group, 'from ana');
  expect((await bens.texts(1)).at(-1)).toBe('from ana');
  expect(bens.messages.map(({ text }) => text)).not.toContain('hidden');
});

it('a live client ends with not-signed-in when its session ends, and renews its tokens if only the token was bad', async () => {
  const world = await newWorld();
  const { ana, ben, server } = world;
  const client = await withTokens(world, ben);
  const bens = Followed.by(client);
  await bens.live.ready();
  const closed = nextEvent(bens.live, 'closed');
  await client.endSession({ id: 'current' });
  const { error } = await closed;
  expect(error).toBeProblem(notSignedIn);
  await expect(bens.live.send(ana.id, 'too late')).rejects.toThrow('closed');
  await expect(bens.live[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(ParleyError);

  const tokens = await world.app.createUserSession({ address: ben.id });
  const expired = await shortLived(tokens.accessToken, server, -1);
  const other = new Parley({ baseUrl: server.url, tokens: { ...tokens, accessToken: expired }, fetch: checkedFetch });
  const again = Followed.by(other);
  await ana.sendTo(ben, 'hello');
  expect(await again.texts(1)).toEqual(['hello']);
});

it('a live client renews its token before it expires, without a new connection', async () => {
  const world = await newWorld();
  const { ana, ben, server } = world;
  const tokens = await world.app.createUserSession({ address: ben.id });
  const accessToken = await shortLived(tokens.accessToken, server, 4);
  let renewals = 0;
  const client = new Parley({
    baseUrl: server.url,
    tokens: { ...tokens, accessToken },
    onTokens: () => renewals++,
    fetch: checkedFetch,
  });
  const bens = Followed.by(client);
  const states: string[] = [];
  bens.live.on('connection', ({ state }) => states.push(state));
  await bens.live.ready();
  const expiresAt = decodeJwt(accessToken).exp! * 1000 + 1_500; // the server looks every second
  await new Promise((resolve) => setTimeout(resolve, expiresAt - Date.now()));
  await ana.sendTo(ben, 'still here');
  expect(await bens.texts(1)).toEqual(['still here']);
  expect({ states, renewals }).toEqual({ states: ['connecting', 'open'], renewals: 1 });
});

it('a live client whose token cannot be renewed ends when it expires', async () => {
  const { ben, server } = await newWorld();
  const accessToken = await shortLived(ben.headers.Authorization!.split(' ')[1]!, server, 2);
  const bens = Followed.by(new Parley({ baseUrl: server.url, accessToken, fetch: checkedFetch }));
  await bens.live.ready();
  expect((await nextEvent(bens.live, 'closed')).error).toBeProblem(notSignedIn);
});
