/** The tests that the documents name are there, under those names. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';

const root = join(import.meta.dirname, '..', '..', '..');

/** The sources of the suites, by file name. */
const sources = new Map<string, string>(
  ['security', 'wire', 'differential'].flatMap((folder) =>
    readdirSync(join(root, 'test', folder))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => [`${folder}/${name}`, readFileSync(join(root, 'test', folder, name), 'utf8')] as const),
  ),
);

/** Every `file`: "name", "name" of a document. Files are those of test/security unless they say otherwise. */
function references(document: string): { file: string; name: string }[] {
  const text = readFileSync(join(root, 'docs', document), 'utf8').replaceAll(/\s+/g, ' ');
  return [...text.matchAll(/`(?:test\/)?([\w./-]+\.ts)`: ((?:"[^"]+"(?:, )?)+)/g)].flatMap(
    ([, file, names]) =>
      [...names.matchAll(/"([^"]+)"/g)].map(([, name]) => ({
        file: file.includes('/') ? file : `security/${file}`,
        name,
      })),
  );
}

for (const [document, atLeast] of [
  ['security.md', 25],
  ['deviations.md', 25],
] as const) {
  it(`docs/${document} names tests that exist`, () => {
    const found = references(document);
    assert.ok(found.length >= atLeast, `${found.length} tests are named`);
    for (const { file, name } of found) {
      const source = sources.get(file);
      assert.ok(source !== undefined, `there is no test/${file}`);
      assert.ok(source.includes(name), `test/${file} has no "${name}"`);
    }
  });
}
