/** What the package's exports are: its modules, joined to a few files. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';

const EXPORTS = { barewire: 'app/index', 'barewire/http': 'http/index', 'barewire/https': 'http/https' };

/** The functions of an object and of its prototype, by where they stand, with the names they say they have. */
function namesOf(exported: Record<string, unknown>): string[] {
  const names: string[] = [];
  for (const [key, value] of Object.entries(exported)) {
    if (typeof value !== 'function') continue;
    names.push(`${key}: ${value.name}`);
    const { prototype } = value as { prototype?: object };
    for (const member of Object.getOwnPropertyNames(prototype ?? {})) {
      const { value: method } = Object.getOwnPropertyDescriptor(prototype, member) ?? {};
      if (typeof method === 'function') names.push(`${key}.${member}: ${method.name}`);
    }
  }
  return names.sort();
}

for (const [specifier, module] of Object.entries(EXPORTS)) {
  test(`${specifier} has what its module has, under the same names`, async () => {
    const joined = await import(specifier);
    const alone = await import(`#src/${module}.js`);
    assert.deepEqual(Object.keys(joined).sort(), Object.keys(alone).sort());
    assert.deepEqual(namesOf(joined), namesOf(alone));
  });
}

test('register takes the http that is imported', async () => {
  const [{ Agent }, https] = await Promise.all([import('barewire/http'), import('barewire/https')]);
  assert.equal(Object.getPrototypeOf(https.Agent), Agent);
});

for (const specifier of ['barewire/http', 'barewire/https'] as const) {
  test(`require('${specifier}') is an object that can be written to, as that of node:http`, async (t) => {
    const required = createRequire(import.meta.url)(specifier) as typeof import('barewire/http');
    const { default: imported } = (await import(specifier)) as { default: object };
    assert.equal(required, imported);
    t.mock.method(required, 'request', () => 'mocked');
    assert.equal(required.request('http://127.0.0.1'), 'mocked');

    const { globalAgent } = required;
    t.after(() => {
      required.globalAgent = globalAgent;
    });
    const asked: object[] = [];
    const agent = Object.assign(new required.Agent(), { addRequest: asked.push.bind(asked) });
    required.globalAgent = agent;
    const made = required.get({ host: '127.0.0.1', port: 1 });
    assert.equal(asked[0], made);
  });
}

test('the types name no module that is not there with the package, and have no syntax of late', async () => {
  const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
  const manifest = createRequire(import.meta.url)('barewire/package.json') as { dependencies: object };
  const own = new Set(Object.keys(manifest.dependencies));
  for (const file of await readdir(dist, { recursive: true })) {
    if (!file.endsWith('.d.ts')) continue;
    const text = (await readFile(join(dist, file), 'utf8')).replaceAll(/\/\*[\s\S]*?\*\//g, '');
    for (const [, specifier] of text.matchAll(/(?: from |\bimport\()["']([^"']+)["']/g)) {
      if (/^(?:\.|node:)/.test(specifier as string)) continue;
      assert.ok(own.has(specifier as string), `${file}: ${specifier}`);
    }
    // Names in quotes came with TypeScript 5.6.
    assert.doesNotMatch(text, /\bas ["']/, file);
  }
});

test('compilers that do not read exports find the same types', () => {
  interface Manifest {
    main: string;
    types: string;
    typesVersions: { '*': Record<string, string[]> };
    exports: Record<string, { types: string; default: string }>;
  }
  const { main, types, typesVersions, exports } = createRequire(import.meta.url)(
    'barewire/package.json',
  ) as Manifest;
  const { '.': entry, './package.json': _itself, ...others } = exports;
  assert.deepEqual({ types, default: main }, entry);
  const named = Object.entries(others).map(([name, target]) => [name.slice(2), [target.types]]);
  assert.deepEqual(typesVersions['*'], Object.fromEntries(named));
});

test('barewire works in a bundle in CommonJS, by bundlers that leave nothing of import.meta', async () => {
  const bundle = await rollup({
    input: fileURLToPath(import.meta.resolve('barewire')),
    external: (id) => !/^[./]/.test(id),
    plugins: [{ name: 'no import.meta', resolveImportMeta: () => 'undefined' }],
    treeshake: false,
  });
  const { output } = await bundle.generate({ format: 'cjs', inlineDynamicImports: true });
  await bundle.close();
  const bundled = {} as typeof import('barewire');
  new Function('require', 'exports', output[0].code)(createRequire(import.meta.url), bundled);
  const app = bundled.createApp();
  app.get('/a', () => 'answered');
  const response = await app.inject('/a');
  assert.equal(response.text, 'answered');
});
