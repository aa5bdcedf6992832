import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { itInChromium } from './support/chromium.js';
import { newWorld } from './support/world.js';

itInChromium('in Swagger UI one authorizes with a token and sends a message', async (page) => {
  const { ana, ben, server } = await newWorld();
  await page.goto(`${server.url}/docs`);
  await authorize(page, ana.headers.Authorization!.replace('Bearer ', ''));

  const operation = page.locator('#operations-messages-sendMessage');
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  const body = JSON.stringify({ recipient: ben.address, text: 'Hello from Swagger UI' });
  await operation.locator('textarea.body-param__text').fill(body);
  await operation.getByRole('button', { name: 'Execute' }).click();
  const answer = operation.locator('.live-responses-table .response').first();
  await answer.waitFor();
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });

  expect(await answer.locator('.response-col_status').innerText()).toMatch(/^201/);
  expect(await ben.unread()).toEqual(['Hello from Swagger UI']);
});

async function authorize(page: Page, token: string): Promise<void> {
  await page.locator('.auth-wrapper .btn.authorize').click();
  const dialog = page.locator('.dialog-ux');
  await dialog.locator('#auth-bearer-value').fill(token);
  await dialog
    .locator('form', { has: page.locator('#auth-bearer-value') })
    .getByRole('button', { name: 'Apply credentials' })
    .click();
  await dialog.getByRole('button', { name: 'Close' }).first().click();
}
