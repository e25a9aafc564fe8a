/** WebSocket, CloseEvent and MessageEvent, which node:http hands on: exported, and not loaded before they are used. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import http, { CloseEvent, MessageEvent, WebSocket } from 'barewire/http';

const NAMES = ['WebSocket', 'CloseEvent', 'MessageEvent'] as const;
const EXPORTED = { WebSocket, CloseEvent, MessageEvent };

async function loadedBy(script: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      ...['--input-type=module', '--eval'],
      `${script}; console.log(process.moduleLoadList.filter((name) => /undici|worker\\/io/.test(name)).join());`,
    ],
    { cwd: new URL('../../..', import.meta.url) },
  );
  return stdout.trim().split(',').filter(Boolean);
}

test('the import of barewire/http loads none of them', async () => {
  assert.deepEqual(await loadedBy(`import * as http from 'barewire/http'; http.WebSocket`), []);
  assert.deepEqual(
    await loadedBy(`process.getBuiltinModule('module').createRequire(import.meta.url)('barewire/http')`),
    [],
  );
  assert.notDeepEqual(await loadedBy(`import * as http from 'barewire/http'; http.MessageEvent.name`), []);
});

test('the default export has the classes themselves', () => {
  for (const name of NAMES) assert.equal(http[name], globalThis[name], name);
});

for (const name of NAMES) {
  const own = globalThis[name];
  describe(`the export ${name}`, { skip: own === undefined && 'the platform has none' }, () => {
    const exported = EXPORTED[name] as typeof own;

    test('is as the class is', () => {
      assert.equal(typeof exported, 'function');
      assert.equal(exported.name, name);
      assert.equal(exported.length, own.length);
      assert.equal(exported.prototype, own.prototype);
      assert.equal(Object.getPrototypeOf(exported), Object.getPrototypeOf(own));
      assert.deepEqual(Object.keys(exported), Object.keys(own));
      assert.deepEqual(Reflect.ownKeys(exported), Reflect.ownKeys(own));
      assert.deepEqual(
        Object.entries(Object.getOwnPropertyDescriptors(exported)).map(([key, { value }]) => [key, value]),
        Object.entries(Object.getOwnPropertyDescriptors(own)).map(([key, { value }]) => [key, value]),
      );
      assert.ok('prototype' in exported);
      assert.throws(() => Reflect.apply(exported as unknown as () => void, undefined, ['a']), TypeError);
    });

    test('is written to as the class is', () => {
      const written = exported as unknown as Record<string, unknown>;
      written.writtenByTest = 1;
      assert.equal((own as unknown as typeof written).writtenByTest, 1);
      Reflect.deleteProperty(own, 'writtenByTest');
      assert.equal(written.writtenByTest, undefined);
    });
  });
}

for (const name of ['CloseEvent', 'MessageEvent'] as const) {
  test(`${name} makes instances of the class, and is extended as the class is`, (t) => {
    if (globalThis[name] === undefined) return t.skip('the platform has none');
    const Exported = EXPORTED[name] as unknown as typeof Event;
    const made = new Exported('message');
    assert.ok(made instanceof globalThis[name] && made instanceof Exported);
    assert.equal(made.constructor, globalThis[name]);
    class Extended extends Exported {
      readonly isExtended = true;
    }
    const extended = new Extended('message');
    assert.ok(extended.isExtended && extended instanceof Extended && extended instanceof globalThis[name]);
    assert.equal(extended.type, 'message');
  });
}
