/** What the package's exports are: its modules, joined to a few files. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

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
