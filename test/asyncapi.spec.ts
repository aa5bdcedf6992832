import { expect, it } from '@jest/globals';
import { CLIENT_FRAMES, SERVER_FRAMES } from '../src/live/frames.dto.js';
import { frameFaults, frameKinds, liveDocument } from './support/live-contract.js';
import { newWorld } from './support/world.js';

it('asyncapi.json describes every frame, each with examples that match its schema', () => {
  const described = frameKinds.map(({ side, type }) => `${side} ${type}`).toSorted();
  const clients = Object.keys(CLIENT_FRAMES).map((type) => `client ${type}`);
  expect(described).toEqual([...clients, ...Object.keys(SERVER_FRAMES).map((type) => `server ${type}`)].toSorted());
  for (const { side, type, examples } of frameKinds) {
    expect(examples.length).toBeGreaterThan(0);
    for (const { payload } of examples)
      expect({ type, faults: frameFaults(side, payload) }).toEqual({ type, faults: [] });
  }
});

it("asyncapi.json allows no unknown field in a client's frame, and tells the two kinds of marks apart", () => {
  expect(frameFaults('client', { type: 'ping', more: 1 })).toEqual([expect.stringContaining('more')]);
  const mark = { messageId: '0193f0e8-7b1a-7c3e-9f52-6a1d2c3b4e5f.42' };
  expect(frameFaults('client', { type: 'read', ...mark })).toEqual([]);
  expect(frameFaults('client', { type: 'resume', positions: { a: { seq: 1 } } })).not.toEqual([]);
  expect(frameFaults('client', { type: 'ready', userId: 'x', blocksVersion: 0 })).not.toEqual([]);
});

it('asyncapi.json is served as committed, and as a page that shows every frame', async () => {
  const { raw } = await newWorld();
  const served = await raw('GET', '/asyncapi.json');
  expect(served.headers.get('Content-Type')).toMatch(/^application\/json/);
  expect(JSON.parse(served.text)).toEqual(liveDocument);

  const page = await raw('GET', '/docs/live');
  expect(page.headers.get('Content-Type')).toMatch(/^text\/html/);
  for (const { side, type } of frameKinds) {
    expect(page.text).toMatch(
      new RegExp(`id="${side === 'client' ? 'receive' : 'send'}-\\w+"><h3><code>${type}</code>`),
    );
  }
  expect(page.text).toContain('4401');
});
