import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readBlocks, readPromises } from './readme/blocks.js';
import { freshCheckout, root, runCommand, runSnippet } from './readme/run.js';

// Every block of README.md runs. In the other documents those run whose fence says so: ```js run
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const blocks = documents
  .flatMap((file) => readBlocks(file, readFileSync(join(root, file), 'utf8')))
  .filter(({ file, words }) => file === 'README.md' || words.includes('run'));

test('README.md has a snippet and both commands of a newcomer', () => {
  const texts = blocks.filter(({ file }) => file === 'README.md').map(({ text }) => text);
  assert.ok(texts.some((text) => text.includes("from 'barewire/http'")));
  assert.ok(texts.includes('npm ci && npm start\n'));
  assert.ok(texts.includes('npm ci && npm test\n'));
});

for (const block of blocks) {
  const name = `${block.file}:${block.line} (${block.language})`;
  if (block.language === 'js') {
    test(`${name} runs and answers as it says`, { timeout: 60_000 }, (t) => runSnippet(t, block));
  } else if (block.language === 'sh') {
    test(`${name} runs in a fresh checkout`, { timeout: 300_000 }, async (t) => {
      const folder = freshCheckout(t);
      for (const line of block.text.trim().split('\n')) await runCommand(t, line, folder);
    });
  } else {
    test(name, () => assert.fail('a block that runs is js or sh'));
  }
}

test('every link between the documents has a target', () => {
  for (const file of documents) {
    const text = readFileSync(join(root, file), 'utf8').replaceAll(/^```.*?^```$/gms, '');
    for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^https?:/.test(target)) continue;
      assert.doesNotThrow(() => readFileSync(join(root, file, '..', target)), `${file} links to ${target}`);
    }
  }
});

describe('the reader of the documents', () => {
  test('finds blocks with their words and lines', () => {
    assert.deepEqual(readBlocks('a.md', 'text\n```js run\na();\n\nb();\n```\nmore\n```\nplain\n```\n'), [
      { file: 'a.md', line: 2, language: 'js', words: ['run'], text: 'a();\n\nb();\n' },
      { file: 'a.md', line: 8, language: '', words: [], text: 'plain\n' },
    ]);
  });

  test('finds the answers that a snippet promises', () => {
    assert.deepEqual(
      readPromises('listen();\n// GET / -> 200 {"a": 1}\n// POST /echo hi -> 413\n// GET no\n'),
      [
        { method: 'GET', path: '/', body: undefined, status: 200, content: '{"a": 1}' },
        { method: 'POST', path: '/echo', body: 'hi', status: 413, content: undefined },
      ],
    );
  });
});
