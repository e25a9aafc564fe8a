/** What the server refuses before an application sees it, in the application's log. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server, ServerOptions } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { type ApplicationOptions, createApp, type Logger } from 'barewire';

type Line = [level: string, fields: Record<string, unknown>, message: string];

/** A logger that keeps its lines, and the promise of the first one. */
function logged() {
  const lines: Line[] = [];
  let tell = (_line: Line) => {};
  const first = new Promise<Line>((resolve) => {
    tell = resolve;
  });
  const writer = (level: string) => (fields: object, message: string) => {
    const line = [level, fields, message] as Line;
    lines.push(line);
    tell(line);
  };
  const names = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
  const logger = {
    ...Object.fromEntries(names.map((name) => [name, writer(name)])),
    child: () => logger,
  } as unknown as Logger;
  return { logger, lines, first };
}

async function listening(
  t: TestContext,
  options: ApplicationOptions,
  serverOptions: ServerOptions = {},
): Promise<Server> {
  const app = createApp(options);
  app.get('/', () => 'here');
  app.post('/', (req) => req.text());
  const server = await app.listen({ port: 0, host: '127.0.0.1', server: serverOptions });
  t.after(() => app.close({ deadline: 0 }));
  return server;
}

/** All that comes for these bytes, until the server ends the connection. */
async function answerTo(server: Server, bytes: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(bytes, 'latin1');
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  await once(socket, 'end');
  socket.end();
  return text;
}

const HOST = 'Host: a\r\n';

describe('a request that the server refused has a line', () => {
  const refusals: [title: string, bytes: string, status: number, code: string | undefined, reason: string][] =
    [
      [
        'of a field name that is none',
        `GET /secret HTTP/1.1\r\n${HOST}sec ret: secret\r\n\r\n`,
        400,
        'HPE_INVALID_HEADER_TOKEN',
        'Invalid header token',
      ],
      [
        'of a target that is none',
        'GET /secret\x01 HTTP/1.1\r\n\r\n',
        400,
        'HPE_INVALID_URL',
        'Invalid char in url path',
      ],
      [
        'of a header section that is too large',
        `GET / HTTP/1.1\r\n${HOST}secret: ${'secret'.repeat(4000)}\r\n\r\n`,
        431,
        'HPE_HEADER_OVERFLOW',
        'Header overflow',
      ],
      ['without Host', 'GET /secret HTTP/1.1\r\n\r\n', 400, undefined, 'Missing Host'],
      [
        'with an expectation that nobody knows',
        `GET / HTTP/1.1\r\n${HOST}Expect: secret\r\n\r\n`,
        417,
        undefined,
        'Unknown expectation',
      ],
    ];
  for (const [title, bytes, statusCode, code, reason] of refusals) {
    test(title, async (t) => {
      const silent = await listening(t, {});
      const { logger, lines } = logged();
      const server = await listening(t, { logger, logging: { headers: true } });
      const answer = await answerTo(server, bytes);
      assert.ok(answer.startsWith(`HTTP/1.1 ${statusCode} `), answer);
      // The answer is what it is without a log.
      const withoutDate = (text: string) => text.replace(/Date: .*\r\n/, '');
      assert.equal(withoutDate(answer), withoutDate(await answerTo(silent, bytes)));
      assert.deepEqual(lines, [
        ['warn', { req: { ip: '127.0.0.1' }, res: { statusCode }, code, reason }, 'request refused'],
      ]);
      assert.doesNotMatch(JSON.stringify(lines), /secret/);
    });
  }

  test('that did not come in time', async (t) => {
    const { logger, first } = logged();
    const server = await listening(
      t,
      { logger },
      { headersTimeout: 1, requestTimeout: 1, connectionsCheckingInterval: 1 },
    );
    assert.match(await answerTo(server, `GET / HTTP/1.1\r\n${HOST}`), /^HTTP\/1\.1 408 /);
    const [level, fields, message] = await first;
    assert.deepEqual(
      [level, (fields as { res: unknown }).res, fields.code, message],
      ['warn', { statusCode: 408 }, 'ERR_HTTP_REQUEST_TIMEOUT', 'request refused'],
    );
  });

  test('beyond those that a connection may have', async (t) => {
    const { logger, lines } = logged();
    const server = await listening(t, { logger });
    server.maxRequestsPerSocket = 1;
    const one = `GET / HTTP/1.1\r\n${HOST}\r\n`;
    assert.match(await answerTo(server, one + one), /^HTTP\/1\.1 200 .*HTTP\/1\.1 503 /s);
    const refused = lines.filter(([, , message]) => message === 'request refused');
    assert.deepEqual(
      refused.map(([level, { res, reason }]) => [level, res, reason]),
      [['warn', { statusCode: 503 }, 'Too many requests on the connection']],
    );
  });

  test('and one that is behind it in the same bytes has none', async (t) => {
    const { logger, lines } = logged();
    const server = await listening(t, { logger });
    const bad = `GET / HTTP/1.1\r\n${HOST}b ad: 1\r\n\r\n`;
    await answerTo(server, bad + bad);
    assert.equal(lines.length, 1);
  });
});

test('a request whose content cannot be read has the one line that it has anyway', async (t) => {
  const { logger, lines, first } = logged();
  const server = await listening(t, { logger });
  const head = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;
  assert.match(await answerTo(server, `${head}no chunk\r\n`), /^HTTP\/1\.1 400 /);
  await first;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    lines.map(([level, , message]) => [level, message]),
    [['info', 'request aborted']],
  );
});

test('a log that fails leaves the refusal as it is', async (t) => {
  const { logger } = logged();
  logger.warn = () => {
    throw new Error('no log');
  };
  const warned = once(process, 'warning');
  const server = await listening(t, { logger });
  assert.match(await answerTo(server, 'GET / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /);
  assert.match(await answerTo(server, 'no request\r\n\r\n'), /^HTTP\/1\.1 400 /);
  const [{ code }] = (await warned) as [{ code: string }];
  assert.equal(code, 'BAREWIRE_LOG_FAILED');
});

test('a listener of clientError answers, and logs, itself', async (t) => {
  const { logger, lines } = logged();
  const server = await listening(t, { logger });
  server.on('clientError', (_error, socket) => socket.end('HTTP/1.1 418 Mine\r\n\r\n'));
  assert.equal(await answerTo(server, 'no request\r\n\r\n'), 'HTTP/1.1 418 Mine\r\n\r\n');
  assert.deepEqual(lines, []);
});
