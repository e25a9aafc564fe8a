/** The pages of the framework name what there is. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createApp } from 'barewire';
import { IncomingMessage, METHODS } from 'barewire/http';

const root = dirname(fileURLToPath(import.meta.resolve('barewire/package.json')));

/** The names in the code of a page's text, its tables among it. */
function namesOn(...pages: string[]): Set<string> {
  const text = pages
    .map((page) => readFileSync(join(root, 'docs', page), 'utf8'))
    .join('\n')
    .replaceAll(/^```.*?^```$/gms, '');
  const code = Array.from(text.matchAll(/`([^`]+)`/g), ([, words]) => words);
  return new Set(code.flatMap((words) => words.match(/[A-Za-z_$]\w*/g) ?? []));
}

function assertNames(members: string[], ...pages: string[]): void {
  const names = namesOn(...pages);
  assert.ok(members.length > 5);
  assert.deepEqual(
    members.filter((member) => !names.has(member)),
    [],
  );
}

const app = createApp();
const own = (prototype: object) =>
  Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');

test('the pages of the framework name all that the package exports', async () => {
  const pages = readdirSync(join(root, 'docs')).filter((page) => page.endsWith('.md') && page !== 'map.md');
  assertNames(Object.keys(await import('barewire')), ...pages);
});

test('docs/req.md names every member of a request', () => {
  // What every request has is node:http's to describe.
  const added = own(app.IncomingMessage.prototype).filter((name) => !(name in IncomingMessage.prototype));
  const members = [...added, 'originalUrl', 'baseUrl', 'body', 'route', 'res'];
  assertNames(members, 'req.md');
});

test('docs/res.md names every member of a response', () => {
  assertNames(own(app.ServerResponse.prototype), 'res.md');
});

test('docs/app.md, and what it leads to, name every member of an application', () => {
  // Private to TypeScript, which is not to be seen at run time.
  const internal =
    /^(?:changed|isWithin|compose|composed|handle|runUnrouted|callRaw|callOnly|respondLater|settle|answerUnrouted|respond|finish|entries|rawRoutes|settings|parents|errorListener|isDevelopment|paramHandlers|serving|injected|take|note|observes)$/;
  const methods = new Set(METHODS.map((method) => method.toLowerCase()));
  const members = [...own(Object.getPrototypeOf(app)), ...own(app)];
  assertNames(
    members.filter((name) => !internal.test(name) && !methods.has(name)),
    'app.md',
    'from-express.md',
  );
});
