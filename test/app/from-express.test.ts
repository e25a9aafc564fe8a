/** docs/from-express.md against Express itself: every member is on the page, and what the page says of it holds. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import nodeHttp from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type AppRequest, type AppResponse, createApp } from 'barewire';
import { METHODS } from 'barewire/http';

const require = createRequire(import.meta.url);
const root = dirname(fileURLToPath(import.meta.resolve('barewire/package.json')));
const page = readFileSync(join(root, 'docs/from-express.md'), 'utf8');

/** The rows of the tables: what the first two columns say. */
const rows = new Map(
  page
    .slice(page.indexOf('## The module'))
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, member]) => member?.startsWith('`'))
    .map(([, member, here]) => [member.split('`')[1], here]),
);

interface ExpressRouter {
  route(path: string): object;
}
const express = require('express') as (() => ExpressRouter & {
  settings: object;
  use(handler: (req: object, res: AppResponse) => void): void;
  handle(req: object, res: object): void;
}) & { application: object; request: object; response: object; Router: new () => object };

const METHOD_NAMES = new Set(
  METHODS.map((method) => method.toLowerCase()).filter((name) => name !== 'connect'),
);
const OF_FUNCTIONS = new Set(['length', 'name', 'prototype', 'constructor', 'arguments', 'caller']);
const OF_EMITTERS = new Set([
  ...Object.getOwnPropertyNames(EventEmitter.prototype),
  ...Object.getOwnPropertyNames(new EventEmitter()),
]);

/** What is another's name here, or nobody else's business. */
const PRIVATE = new Set(['app.on', 'app.settings', 'app.handle', 'router.handle']);

/** The names of an object's own members, methods of HTTP as one. */
function membersOf(object: object, kind: string): string[] {
  const names = Object.getOwnPropertyNames(object).filter((name) => !OF_FUNCTIONS.has(name));
  const isRouting = kind === 'app' || kind === 'router' || kind === 'route';
  return [
    ...new Set(names.map((name) => `${kind}.${isRouting && METHOD_NAMES.has(name) ? 'METHOD' : name}`)),
  ];
}

/** What Express puts on a request or response itself. */
async function added(): Promise<{ req: string[]; res: string[] }> {
  const app = express();
  const seen: { req: string[]; res: string[] } = { req: [], res: [] };
  // Its own, on whose prototypes those of Express stand.
  const server = nodeHttp.createServer((req, res) => {
    const before = [Object.getOwnPropertyNames(req), Object.getOwnPropertyNames(res)];
    app.use((req, res) => {
      const own = (object: object, old: string[]) =>
        Object.getOwnPropertyNames(object).filter((name) => !old.includes(name) && !name.startsWith('_'));
      seen.req = own(req, before[0]);
      seen.res = own(res, before[1]);
      res.end();
    });
    app.handle(req, res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
  server.close();
  await once(server, 'close');
  return seen;
}

/** The settings that Express itself asks for or sets. */
function settingsOfSource(): string[] {
  const folder = join(dirname(require.resolve('express')), 'lib');
  return readdirSync(folder).flatMap((file) =>
    Array.from(
      readFileSync(join(folder, file), 'utf8').matchAll(
        /^(?! *\*).*\b(?:app|this)\.(?:get|set|enabled)\('([a-z][a-z -]+)'/gm,
      ),
      ([, name]) => name,
    ),
  );
}

/** One request and response of ours, and an application and a route. */
async function ours(): Promise<Record<string, object>> {
  const app = createApp();
  let pair: { req: AppRequest; res: AppResponse } | undefined;
  app.get('/', (req, res) => {
    pair = { req, res };
    return '';
  });
  await app.inject('/');
  assert.ok(pair);
  return { app, router: app, route: app.route('/'), ...pair };
}

describe('docs/from-express.md', () => {
  test('names every member of Express, and every setting', async () => {
    const app = express();
    const { req, res } = await added();
    const members = [
      ...membersOf(express, 'express'),
      ...membersOf(express.application, 'app'),
      ...membersOf(app, 'app').filter((member) => !OF_EMITTERS.has(member.slice(4))),
      ...membersOf(express.request, 'req'),
      ...req.map((name) => `req.${name}`),
      ...membersOf(express.response, 'res'),
      ...res.map((name) => `res.${name}`),
      ...membersOf(Object.getPrototypeOf(app.route('/')), 'route'),
      ...membersOf(app.route('/'), 'route'),
      ...Object.keys(app.settings),
      ...settingsOfSource(),
    ];
    const ofRouters = [
      ...membersOf(express.Router.prototype, 'router'),
      ...membersOf(new express.Router(), 'router'),
    ];
    const likeApp = ['router.METHOD', 'router.all', 'router.use', 'router.route', 'router.param'];
    for (const member of likeApp) assert.ok(page.includes(`\`${member}\``), member);
    const missing = [...members, ...ofRouters.filter((member) => !likeApp.includes(member))].filter(
      (member) => !rows.has(member),
    );
    assert.deepEqual(missing, []);
    // That it is enumerated, and not nothing.
    assert.ok(members.length > 100 && ofRouters.includes('router.stack') && req.includes('baseUrl'));
  });

  test('says of each member whether it is here, and it is', async () => {
    const objects = await ours();
    for (const [member, here] of rows) {
      const [kind, name] = member.split('.');
      const object = objects[kind];
      if (object === undefined || name === undefined || name === 'METHOD') continue;
      if (PRIVATE.has(member)) continue;
      assert.match(here, /^(?:yes|other|no)$/, member);
      assert.equal(name in object, here === 'yes', `${member}: ${here}`);
    }
    for (const name of METHOD_NAMES) assert.ok(name in objects.app && name in objects.route, name);
  });

  test('names the options of settings, and app.get tells each', () => {
    const app = createApp();
    for (const [setting, option] of rows) {
      if (!/^[a-z -]+$/.test(setting) || option === '') continue;
      const told = app.get(setting);
      if (option === 'none') assert.ok(told === undefined || told === false || told === 'simple', setting);
      else assert.notEqual(told, undefined, setting);
    }
  });
});
