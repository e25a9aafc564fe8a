/** The tests that the documents name are there, under those names; and what is tested is in the documents. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import * as http from 'barewire/http';
import * as https from 'barewire/https';
import { clientDeviations } from '../differential/client-deviations.js';
import { deviations } from '../differential/deviations.js';

const root = join(import.meta.dirname, '..', '..', '..');

/** The sources of the suites, by file name. */
const sources = new Map<string, string>(
  ['security', 'wire', 'differential', 'http'].flatMap((folder) =>
    readdirSync(join(root, 'test', folder))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => [`${folder}/${name}`, readFileSync(join(root, 'test', folder, name), 'utf8')] as const),
  ),
);

/** A document's lines, by their number. */
function linesOf(document: string): string[] {
  return readFileSync(join(root, 'docs', document), 'utf8').split('\n');
}

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

it('docs/deviations.md has no row without a table, and each names a test', () => {
  const lines = linesOf('deviations.md');
  const isRow = (line: string | undefined) => line?.startsWith('|') === true;
  const header = '| What | Stock | Here | Why | Test |';
  let rows = 0;
  for (const [i, line] of lines.entries()) {
    if (!isRow(line)) continue;
    if (!isRow(lines[i - 1])) {
      assert.equal(line, header, `line ${i + 1} begins a table`);
      assert.equal(lines[i + 1], '| --- | --- | --- | --- | --- |');
      continue;
    }
    if (line.startsWith('| --- |')) continue;
    rows++;
    // Vertical bars within code would be cells of their own.
    const cells = line.split(' | ');
    assert.equal(cells.length, 5, `line ${i + 1}: ${line}`);
    assert.match(cells[4], /`[\w./-]+\.ts`: "/, `line ${i + 1} names no test`);
  }
  assert.ok(rows >= 70, `${rows} rows`);
});

it('docs/deviations.md has every deviation that is tested', () => {
  const text = linesOf('deviations.md').join('\n');
  for (const { name } of [...deviations, ...clientDeviations]) assert.ok(text.includes(`"${name}"`), name);
});

it('docs/compatibility.md names every export', () => {
  const text = linesOf('compatibility.md').join('\n');
  const table = text.slice(text.indexOf('## Exports'), text.indexOf("## Node's own test suite"));
  for (const name of new Set([...Object.keys(http.default), ...Object.keys(https.default)])) {
    assert.ok(table.includes(`\`${name}\``), name);
  }
});
