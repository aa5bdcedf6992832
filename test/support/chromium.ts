import { existsSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** Chromium itself takes seconds to start on a busy machine. */
const BROWSER_TEST_MS = 60_000;

/** A test in a browser; an error in its page fails it. Without Chromium it is skipped on a developer's machine, and fails in CI. */
export function itInChromium(name: string, test: (page: Page) => Promise<void>): void {
  const run = existsSync(CHROMIUM) || process.env.CI ? it : it.skip;
  run(name, () => withPage(test), BROWSER_TEST_MS);
}

async function withPage(test: (page: Page) => Promise<void>): Promise<void> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await test(page);
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
  }
}
