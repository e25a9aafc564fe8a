/** The table of what was tried is what is tried. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './processes.js';

const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The packages that the applications and clients of this folder load. */
function loaded(): string[] {
  const names = ['apps', 'clients'].flatMap((folder) =>
    readdirSync(join(root, 'test', 'register', folder))
      .filter((file) => /\.[cm]js$/.test(file))
      .flatMap((file) =>
        Array.from(
          read(`test/register/${folder}/${file}`).matchAll(/(?:from|import|require\() ?'([^'.][^']*)'/g),
          ([, specifier]) => specifier,
        ),
      ),
  );
  return [...new Set(names)].filter((name) => !isBuiltin(name) && !name.startsWith('barewire/')).sort();
}

test('README.md names every package that is tried, in the version that is installed', () => {
  const [, table] = read('README.md').match(/<!-- tried -->(.*)<!-- \/tried -->/s) ?? [];
  const named = Array.from(table.matchAll(/`([^`]+)` (\S+?)(?=[, ])/g), ([, name, version]) => [
    name,
    version,
  ]);
  const { packages } = JSON.parse(read('package-lock.json'));
  const { dependencies } = JSON.parse(read('test/register/apps/next/package.json'));
  for (const [name, version] of named) {
    assert.equal(version, dependencies[name] ?? packages[`node_modules/${name}`]?.version, name);
  }
  assert.deepEqual(
    [...new Set(named.map(([name]) => name))].sort(),
    [...loaded(), ...Object.keys(dependencies)].sort(),
  );
});
