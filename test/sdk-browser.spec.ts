import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { BUILD_MS, buildSdk } from './support/build.js';
import { itInChromium } from './support/chromium.js';
import { Proxy } from './support/proxy.js';
import { startServer } from './support/server.js';
import { newWorld } from './support/world.js';

const ROOT = path.resolve(import.meta.dirname, '..');
/** The directories of the page's files, by the prefix of their paths. */
const DIRECTORIES = { sdk: 'sdk/dist', 'openapi-fetch': 'node_modules/openapi-fetch/dist', pages: 'test/pages' };
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
};

let pages: Server;
const origin = (): string => `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;

beforeAll(async () => {
  await buildSdk();
  pages = createServer((request, response) => {
    const [, directory = '', file = ''] = (request.url ?? '').split('/');
    readFile(path.join(ROOT, DIRECTORIES[directory as keyof typeof DIRECTORIES] ?? 'nowhere', file)).then(
      (content) => response.setHeader('Content-Type', TYPES[path.extname(file)] ?? '').end(content),
      () => response.writeHead(404).end(),
    );
  }).listen(0, '127.0.0.1');
  await once(pages, 'listening');
}, BUILD_MS);

afterAll(() => void pages.close());

itInChromium(
  'a page of another origin signs in, follows, and goes on by itself after its connection was cut',
  async (page) => {
    const { ana, anyone, server } = await newWorld({ on: await startServer({ corsOrigins: [origin()] }) });
    await anyone.createUser({ username: 'in.a.browser', password: 'correct horse battery' });
    const proxy = await Proxy.before(server.url);
    try {
      await page.goto(`${origin()}/pages/live.html`);
      await page.getByLabel('Server').fill(new URL(proxy.url).origin);
      await page.getByLabel('Username').fill('in.a.browser');
      await page.getByLabel('Password').fill('correct horse battery');
      await page.getByRole('button', { name: 'Sign in' }).click();
      const state = page.getByRole('status');
      await state.filter({ hasText: 'ready' }).waitFor();

      const messages = page.getByRole('listitem');
      const send = (text: string): Promise<unknown> => ana.api.sendMessage({ recipient: '@in.a.browser', text });
      await send('one');
      await messages.nth(0).waitFor();

      proxy.cut();
      await state.filter({ hasText: 'waiting' }).waitFor();
      await send('two, while it is away');
      proxy.mend();
      await messages.nth(1).waitFor();
      await state.filter({ hasText: 'ready' }).waitFor();
      await send('three');
      await messages.nth(2).waitFor();
      expect(await messages.allInnerTexts()).toEqual(['Ana: one', 'Ana: two, while it is away', 'Ana: three']);
    } finally {
      await proxy.close();
    }
  },
);
