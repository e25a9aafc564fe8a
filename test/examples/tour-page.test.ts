import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type Browser, chromium } from 'playwright-core';
import { startTour } from './tour-process.js';

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const flags =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking ' +
  '--disable-component-update --disable-sync';

/** A browser that the test's end closes; without one installed the test is skipped and says so. */
async function openBrowser(t: TestContext): Promise<Browser | undefined> {
  const executablePath = process.env.CHROMIUM || places.find((place) => existsSync(place));
  if (executablePath === undefined) {
    t.skip('no Chromium found: install it, or name its binary in CHROMIUM');
    return undefined;
  }
  const browser = await chromium.launch({ executablePath, args: flags.split(' ') });
  t.after(() => browser.close());
  return browser;
}

test('the page shows every exchange in Chromium', { timeout: 120_000 }, async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  const { url } = await startTour(t);
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('requestfailed', (request) => {
    // The page itself breaks the samples off, once the file is there.
    if (!request.url().endsWith('/memory')) complaints.push(request.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('404')) complaints.push(message.text());
  });
  await page.goto(url);

  const text = async (selector: string, index: number): Promise<string> =>
    (await page.locator(selector).nth(index).textContent()) ?? '';

  /** Submits one example and reads the response block that comes of it. */
  const send = async (id: string): Promise<string> => {
    await page.locator(`#${id} button`).click();
    return text(`#${id} .exchange pre`, 1);
  };

  await page.locator('#hello .source').getByText('export function hello').waitFor();
  const hello = await send('hello');
  assert.match(hello, /^HTTP\/1\.1 200 OK\n/);
  assert.match(hello, /content-type: application\/json/);
  assert.match(hello, /\{"hello":"world"\}$/);
  assert.match(await text('#hello .timing', 1), /^[\d.]+ m?s$/);

  await page.locator('#echo textarea').fill('<b>first</b>\nsecond');
  const echo = await send('echo');
  assert.match(echo, /^HTTP\/1\.1 200 OK\n/);
  assert.match(echo, /<b>first<\/b>\r?\nsecond$/);
  assert.match(await text('#echo .exchange pre', 0), /^POST \/echo HTTP\/1\.1\n/);

  const stream = await send('stream');
  assert.match(stream, /\[268435456 bytes\]/);
  assert.equal(await text('#stream .counts', 0), '256 of 256 MiB received');
  assert.match(
    (await page.locator('#stream svg').getAttribute('aria-label')) ?? '',
    /^Memory of the server: \d+ MiB at the start, \d+ MiB at the most\.$/,
  );

  assert.match(await send('not-found'), /^HTTP\/1\.1 404 Not Found\n/);
  assert.deepEqual(complaints, []);
});
