import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findBreaches } from './architecture/rules.js';
import { readSource } from './architecture/source.js';

const FRAMING_NAMES = new Map([
  ['wire/fields.ts', 'gives each well-known field name its number; reads no value'],
  [
    'http/incoming-headers.ts',
    'drops a repeated field from what the handler sees, as node:http does; reads no value',
  ],
  ['http/header-store.ts', "numbers the caller's field names"],
  ['http/outgoing-head.ts', "notes which fields the caller has set, for framing.ts's outgoingFraming()"],
  [
    'app/content-fields.ts',
    'tells a response the length of its content, and leaves out fields of another message',
  ],
  ['http/outgoing-headers.ts', 'notes which fields the caller has removed, for the same'],
  [
    'app/body-head.ts',
    'reads the announced length, to refuse what is beyond a limit before it comes; ends no message',
  ],
  ['app/multipart-part-head.ts', 'names a field of MIME that ends with the name of one of ours'],
]);

const STOCK_USES = new Map([
  [
    'http/performance-entries.ts',
    'entries of perf_hooks are made by node:http alone; takes one function of it',
  ],
  ['http/global-agents.ts', 'the proxy of fetch is set by node:http alone; takes the function that does'],
]);

const root = new URL('src/', import.meta.resolve('barewire/package.json'));
const files = new Map(
  readdirSync(fileURLToPath(root), { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [name, readFileSync(new URL(name, root), 'utf8')]),
);

test('the house stands: floors, cycles, purity, framing, error codes', () => {
  assert.ok(files.has('wire/framing.ts') && files.has('http/index.ts') && files.has('errors.ts'));
  assert.deepEqual(findBreaches(files, FRAMING_NAMES, STOCK_USES), []);
});

test('docs/map.md names every file, and no other', () => {
  const map = readFileSync(new URL('../docs/map.md', root), 'utf8');
  const named = new Set(
    Array.from(
      map.matchAll(/`?((?:wire|http|app|register)\/[\w-]+\.ts|(?:errors|register)\.ts)`/g),
      ([, file]) => file,
    ),
  );
  assert.deepEqual([...named].sort(), [...files.keys()].sort());
});

describe('the rules find what they are there for', () => {
  const breaches = (
    files: Record<string, string>,
    framingNames: [string, string][] = [],
    stockUses: [string, string][] = [],
  ) => findBreaches(new Map(Object.entries(files)), new Map(framingNames), new Map(stockUses));

  test('nothing where all is in order', () => {
    assert.deepEqual(
      breaches({
        'errors.ts': `import { format } from 'node:path'; export const codes = ['ERR_HTTP_HEADERS_SENT'];`,
        'wire/parser.ts': `import { codes } from '../errors.js'; import './framing.js';`,
        'wire/framing.ts': `if (fields.has(CONTENT_LENGTH) || value === 'chunked') decide();`,
        'http/server.ts': `import net from 'node:net'; import { parse } from '../wire/parser.js';`,
        'app/router.ts': `import pattern from 'some-package'; export * from '../http/server.js';`,
      }),
      [],
    );
  });

  test('an import from a floor above, also of types alone', () => {
    for (const statement of [
      `import { Server } from '../http/server.js';`,
      `import type { Server } from '../http/server.js';`,
      `export * from '../http/server.js';`,
      `const server = await import('../http/server.js');`,
      `import {\n  Server,\n  type Options,\n} from "../http/server.js";`,
    ]) {
      assert.deepEqual(
        breaches({ 'wire/parser.ts': statement, 'http/server.ts': '' }),
        ['wire/parser.ts imports ../http/server.js from a floor not below it'],
        statement,
      );
    }
  });

  test('an import from a floor beside', () => {
    assert.deepEqual(breaches({ 'app/body.ts': `import '../client/index.js';`, 'client/index.ts': '' }), [
      'app/body.ts imports ../client/index.js from a floor not below it',
    ]);
  });

  test('an import cycle, but not one of types', () => {
    const a = `import { b } from './b.js';`;
    const b = `import { c } from './c.js';`;
    assert.deepEqual(breaches({ 'http/a.ts': a, 'http/b.ts': b, 'http/c.ts': `import './a.js';` }), [
      'import cycle: http/a.ts > http/b.ts > http/c.ts > http/a.ts',
    ]);
    assert.deepEqual(
      breaches({ 'http/a.ts': a, 'http/b.ts': b, 'http/c.ts': `import type { A } from './a.js';` }),
      [],
    );
  });

  test('sockets, streams and timers in wire/', () => {
    assert.deepEqual(breaches({ 'wire/a.ts': `import { Socket } from 'node:net';` }), [
      'wire/a.ts imports node:net: wire/ is pure',
    ]);
    assert.deepEqual(breaches({ 'wire/a.ts': 'setTimeout(close, 10);' }), [
      'wire/a.ts uses setTimeout: wire/ is pure',
    ]);
  });

  test('an import that makes every export of a builtin, but not one of types', () => {
    for (const specifier of ['node:process', 'node:tls', 'node:util']) {
      assert.deepEqual(breaches({ 'http/a.ts': `import { part } from '${specifier}';` }), [
        `http/a.ts imports ${specifier}, all of it: process.getBuiltinModule() makes what is used`,
      ]);
      assert.deepEqual(breaches({ 'http/a.ts': `import type { Part } from '${specifier}';` }), []);
    }
  });

  test('a package below the framework, and node:http anywhere', () => {
    assert.deepEqual(breaches({ 'http/a.ts': `import qs from 'some-package';` }), [
      'http/a.ts imports some-package: not a builtin',
    ]);
    for (const specifier of ['node:http', 'https', '_http_common']) {
      assert.deepEqual(breaches({ 'app/a.ts': `import '${specifier}';` }), [
        `app/a.ts imports ${specifier}, which it stands for`,
      ]);
    }
    assert.deepEqual(breaches({ 'register.ts': `import http from 'node:http';` }), []);
    assert.deepEqual(breaches({ 'http/a.ts': `import type { ServerOptions } from 'node:http';` }), []);
  });

  test('node:http asked for at run time, but where that has its reason', () => {
    const code = `const { get } = process.getBuiltinModule('node:http');`;
    assert.deepEqual(breaches({ 'http/a.ts': code }), ['http/a.ts asks for node:http, which it stands for']);
    assert.deepEqual(breaches({ 'http/a.ts': code }, [], [['http/a.ts', 'why']]), []);
    assert.deepEqual(breaches({ 'register.ts': code }), []);
    assert.deepEqual(breaches({ 'http/a.ts': `process.getBuiltinModule('node:tls');` }), []);
    assert.deepEqual(breaches({ 'http/a.ts': '' }, [], [['http/a.ts', 'why']]), [
      'http/a.ts no longer asks for what we stand for: strike it from the list',
    ]);
  });

  test('a function literal assigned to a property, but at top level', () => {
    for (const code of [
      'this.onFlushed = (error) => this.flushed(error);',
      'this.onFlushed = error => this.flushed(error);',
      'this.onFlushed = (error: Error): void => this.flushed(error);',
      'this[kFlushed] = async () => {};',
      'if (isNew) socket.push = function push() {};',
    ]) {
      const [breach] = breaches({ 'http/a.ts': `function begin() {\n  ${code}\n}` });
      assert.match(breach ?? '', /^http\/a\.ts assigns a function literal/, code);
    }
    for (const code of [
      'function begin() {\n  const flushed = () => {};\n  this.onFlushed = flushed;\n}',
      'function begin() {\n  const flushed: Connection[kFlushed] = () => {};\n}',
      'function begin() {\n  const isIt = this.at === (x) => x;\n}',
      'Server.prototype.close = function close() {};',
      'class A {\n  onFlushed = () => {};\n}',
    ]) {
      assert.deepEqual(breaches({ 'http/a.ts': code }), [], code);
    }
  });

  test('a global with a getter, but at top level', () => {
    for (const [name, module] of [
      ['process', 'http/process.ts'],
      ['Buffer', 'node:buffer'],
    ]) {
      for (const code of [
        `function end() {\n  ${name}.go();\n}`,
        `function end() {\n  return value ?? ${name}.value;\n}`,
        `import type { ${name} } from './other.js';\nclass A {\n  ${name.toUpperCase()} = ${name}.go();\n}`,
      ]) {
        assert.deepEqual(
          breaches({ 'http/a.ts': code }),
          [`http/a.ts uses the global ${name}: ${module} has it without a getter`],
          code,
        );
      }
      for (const code of [
        `const value = ${name}.go();`,
        `function end() {\n  own.${name}.go();\n}`,
        `function end(value: ${name}) {}`,
      ]) {
        assert.deepEqual(breaches({ 'http/a.ts': code }), [], code);
      }
    }
    const uses = 'function end() {\n  process.nextTick(go, Buffer.alloc(1));\n}';
    const imports = (to: string) =>
      `import { Buffer } from 'node:buffer';\nimport { process } from '${to}/process.js';\n${uses}`;
    assert.deepEqual(
      breaches({ 'http/a.ts': imports('.'), 'app/a.ts': imports('../http'), 'cli/a.ts': uses }),
      [],
    );
  });

  test('an error code outside errors.ts', () => {
    assert.deepEqual(breaches({ 'http/a.ts': `if (error.code === 'HPE_INVALID_METHOD') return;` }), [
      'http/a.ts holds the error code HPE_INVALID_METHOD: codes are rows of errors.ts',
    ]);
    assert.deepEqual(breaches({ 'http/a.ts': `// 'ERR_STREAM_DESTROYED' is what node:http says here.` }), []);
  });

  test('a framing field read outside wire/framing.ts', () => {
    for (const [code, name] of [
      [`if (req.headers['content-length'] !== undefined) wait();`, 'content-length'],
      [`const coding = fields.get("Transfer-Encoding");`, 'Transfer-Encoding'],
      [`if (/chunked/i.test(value)) return true;`, 'chunked'],
      ['if (value === `chunked`) return true;', 'chunked'],
      [`return /^transfer-encoding$|^te$/i;`, '^transfer-encoding$|^te$'],
    ]) {
      assert.deepEqual(
        breaches({ 'http/a.ts': code }),
        [`http/a.ts names ${name}: wire/framing.ts alone decides on framing`],
        code,
      );
    }
    assert.deepEqual(breaches({ 'http/a.ts': 'fields.first(CONTENT_LENGTH)' }), [
      'http/a.ts uses CONTENT_LENGTH: wire/framing.ts alone decides on framing',
    ]);
    assert.deepEqual(breaches({ 'http/a.ts': 'head += `Content-Length: 12\\r\\n`;' }), []);
  });

  test('a name on the list that is no longer needed', () => {
    assert.deepEqual(breaches({ 'http/a.ts': '' }, [['http/a.ts', 'why']]), [
      'http/a.ts no longer names a framing field: strike it from the list',
    ]);
  });

  test('the reader tells code, comments and literals apart', () => {
    const source = readSource(
      `a = b / c; // 'one'\nd = x.replace(/['"\`/]/g, "t'wo"); /* "three" */ e = \`f\${g('h}')}i\`; return /j/;`,
    );
    assert.deepEqual(
      source.literals.map(({ text, isPattern }) => (isPattern ? `/${text}/` : text)),
      [`/['"\`/]/`, "t'wo", `f\${g('h}')}i`, '/j/'],
    );
  });
});
