import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import * as zlib from 'node:zlib';
import { type CompressionOptions, compression, isCompressible } from '#src/app/compression.js';
import { sse } from '#src/app/events.js';
import type { ResponseLike } from '#src/app/exchange.js';
import { respond } from '#src/app/respond.js';
import { type Asked, ask, connect, type Handler, headOf, kinds, serve } from './answering.js';

const TEXT = 'All work and no play makes Jack a dull boy. '.repeat(100);
const ZSTD = typeof zlib.createZstdCompress === 'function';
const DECODERS: Record<string, (bytes: Buffer) => Buffer> = {
  br: zlib.brotliDecompressSync,
  gzip: zlib.gunzipSync,
  ...(ZSTD ? { zstd: zlib.zstdDecompressSync } : {}),
};

for (const kind of kinds) {
  describe(`compression, on ${kind}`, () => {
    type T = Parameters<typeof serve>[0];
    const all = { 'Accept-Encoding': 'gzip, deflate, br, zstd' };

    async function exchange(
      t: T,
      handler: Handler,
      { headers = all, ...asked }: Asked = {},
      options?: CompressionOptions,
    ) {
      const middleware = compression(options);
      const { port } = await serve(t, kind, (req, res) => middleware(req, res, () => handler(req, res)));
      const answer = await ask(t, port, '/', { ...asked, headers });
      const coding = answer.headers['content-encoding'] as string | undefined;
      const text =
        coding === undefined || answer.body.length === 0
          ? answer.text
          : DECODERS[coding](answer.body).toString();
      return { ...answer, coding, text };
    }

    const sendText: Handler = (req, res) => respond(req, res, TEXT);

    function ofText(res: ResponseLike): ResponseLike {
      res.setHeader('Content-Type', 'text/plain');
      return res;
    }

    test('the best coding that the client takes', async (t) => {
      for (const [accept, coding] of [
        ['gzip, deflate, br, zstd', 'br'],
        ['gzip, zstd', ZSTD ? 'zstd' : 'gzip'],
        ['gzip', 'gzip'],
        ['gzip;q=1, br;q=0.1', 'gzip'],
        ['*', 'br'],
        ['deflate', undefined],
        ['identity', undefined],
        ['br;q=0', undefined],
        ['', undefined],
      ] as const) {
        const answer = await exchange(t, sendText, { headers: { 'Accept-Encoding': accept } });
        assert.deepEqual([answer.coding, answer.text, answer.isComplete], [coding, TEXT, true], accept);
        assert.equal(answer.headers.vary, 'Accept-Encoding');
        if (coding !== undefined) assert.equal(answer.headers['content-length'], undefined);
      }
      assert.equal((await exchange(t, sendText, { headers: {} })).coding, undefined);
      const own = await exchange(t, sendText, {}, { encodings: ['gzip', 'br'] });
      assert.equal(own.coding, 'gzip');
    });

    test('each way to write', async (t) => {
      const type = { 'Content-Type': 'text/plain' };
      const half = TEXT.length / 2;
      type Whole = {
        writeHead(...args: unknown[]): Whole;
        end(...args: unknown[]): void;
        write(...args: unknown[]): void;
      };
      const ways: [name: string, write: (res: Whole) => void][] = [
        ['writeHead and end', (res) => res.writeHead(201, type).end(TEXT)],
        ['writeHead with a reason', (res) => res.writeHead(201, 'Made', type).end(TEXT)],
        [
          'writeHead with a list',
          (res) => res.writeHead(201, ['Content-Type', 'text/plain', 'X-A', '1', 'X-A', '2']).end(TEXT),
        ],
        [
          'writes',
          (res) => {
            res.writeHead(201, type);
            res.write(TEXT.slice(0, half));
            res.end(TEXT.slice(half));
          },
        ],
        ['base64', (res) => res.writeHead(201, type).end(Buffer.from(TEXT).toString('base64'), 'base64')],
        ['a callback', (res) => res.writeHead(201, type).end(TEXT, () => {})],
        ['bytes', (res) => res.writeHead(201, type).end(Buffer.from(TEXT))],
        [
          'a length that was told',
          (res) => res.writeHead(201, { ...type, 'Content-Length': TEXT.length }).end(TEXT),
        ],
      ];
      for (const [name, write] of ways) {
        const answer = await exchange(t, (_, res) => write(res as unknown as Whole));
        assert.deepEqual([answer.status, answer.coding, answer.text], [201, 'br', TEXT], name);
      }
    });

    test('not what is small, what is compressed, or what says that it is not to be changed', async (t) => {
      const plain: [name: string, handler: Handler][] = [
        ['small', (req, res) => respond(req, res, 'small')],
        [
          'an image',
          (req, res) => {
            res.setHeader('Content-Type', 'image/png');
            return respond(req, res, Buffer.from(TEXT));
          },
        ],
        ['no type', (_, res) => void res.end(TEXT)],
        [
          'coded',
          (req, res) => {
            res.setHeader('Content-Encoding', 'x');
            return respond(req, res, TEXT);
          },
        ],
        [
          'no-transform',
          (req, res) => {
            res.setHeader('Cache-Control', 'public, no-transform');
            return respond(req, res, TEXT);
          },
        ],
        [
          'a part',
          (req, res) => {
            res.statusCode = 206;
            res.setHeader('Content-Range', 'bytes 0-1/2');
            return respond(req, res, TEXT);
          },
        ],
      ];
      for (const [name, handler] of plain) {
        const middleware = compression();
        const { port } = await serve(t, kind, (req, res) => middleware(req, res, () => handler(req, res)));
        const { headers } = await ask(t, port, '/', { headers: all });
        assert.notEqual(headers['content-encoding'], 'br', name);
        assert.ok(Number(headers['content-length']) > 0, name);
      }
      assert.equal((await exchange(t, sendText, {}, { filter: () => false })).coding, undefined);
      assert.equal((await exchange(t, sendText, {}, { threshold: 1e6 })).coding, undefined);
    });

    test('204 and 304 have no content, and no coding', async (t) => {
      for (const status of [204, 304]) {
        const answer = await exchange(t, (req, res) => {
          res.statusCode = status;
          return respond(req, res, TEXT);
        });
        assert.deepEqual([answer.status, answer.coding], [status, undefined]);
      }
    });

    test('HEAD has the fields of GET, and no length: that of the content as it is would be a wrong one', async (t) => {
      const ways: [name: string, handler: Handler][] = [
        ['a text', sendText],
        ['a stream', (req, res) => respond(req, ofText(res), Readable.from([TEXT]))],
        ['a plain handler', (_, res) => void ofText(res).end(TEXT)],
        [
          'a strong tag',
          (req, res) => {
            res.setHeader('ETag', '"a"');
            return respond(req, res, TEXT);
          },
        ],
      ];
      for (const [name, handler] of ways) {
        const whole = await exchange(t, handler);
        const head = await exchange(t, handler, { method: 'HEAD' });
        assert.equal(whole.coding, 'br', name);
        assert.equal(head.headers['content-length'], undefined, name);
        for (const field of ['content-encoding', 'vary', 'etag', 'content-type']) {
          assert.equal(head.headers[field], whole.headers[field], `${name}: ${field}`);
        }
      }
      const small = await exchange(t, (req, res) => respond(req, res, 'small'), { method: 'HEAD' });
      assert.deepEqual([small.coding, small.headers['content-length']], [undefined, '5']);
    });

    test('Vary is said by parts and by 304 as well, a tag as the client has it', async (t) => {
      const tagged: Handler = (req, res) => {
        res.setHeader('ETag', '"a"');
        return respond(req, res, TEXT);
      };
      const whole = await exchange(t, tagged);
      for (const tag of [String(whole.headers.etag), '"a"']) {
        const { status, headers } = await exchange(t, tagged, { headers: { ...all, 'If-None-Match': tag } });
        assert.deepEqual([status, headers.vary, headers.etag], [304, 'Accept-Encoding', tag]);
      }
      const part = await exchange(t, (req, res) => {
        res.statusCode = 206;
        res.setHeader('Content-Range', 'bytes 0-1/2');
        return respond(req, res, TEXT);
      });
      assert.deepEqual([part.headers.vary, part.coding], ['Accept-Encoding', undefined]);
      const kept = await exchange(
        t,
        (req, res) => {
          res.setHeader('Cache-Control', 'no-transform');
          return tagged(req, res);
        },
        { headers: { ...all, 'If-None-Match': '"a"' } },
      );
      assert.deepEqual([kept.status, kept.headers.vary], [304, undefined]);
    });

    test('a strong tag becomes a weak one', async (t) => {
      const answer = await exchange(t, (req, res) => {
        res.setHeader('ETag', '"a"');
        return respond(req, res, TEXT);
      });
      assert.equal(answer.headers.etag, 'W/"a"');
    });

    test('HTTP/1.0 gets it too, to the end of the connection', async (t) => {
      const answer = await exchange(t, sendText, { version: '1.0' });
      assert.deepEqual([answer.coding, answer.text], ['br', TEXT]);
    });

    for (const coding of Object.keys(DECODERS)) {
      test(`a stream is not held back: what was written can be read, in ${coding}`, async (t) => {
        const middleware = compression();
        let goOn = () => {};
        const { port } = await serve(t, kind, (req, res) =>
          middleware(req, res, () => {
            res.setHeader('Content-Type', 'text/plain');
            return respond(
              req,
              res,
              (async function* () {
                yield 'first ';
                await new Promise<void>((resolve) => {
                  goOn = resolve;
                });
                yield 'second';
              })(),
            );
          }),
        );
        const response = await fetchRaw(t, port, coding);
        const decoder = {
          br: zlib.createBrotliDecompress,
          gzip: zlib.createGunzip,
          zstd: zlib.createZstdDecompress,
        }[coding as 'br']();
        const decoded: string[] = [];
        decoder.on('data', (piece: Buffer) => {
          decoded.push(piece.toString());
        });
        response.on('data', (piece: Buffer) => decoder.write(piece));
        while (decoded.join('') !== 'first ') await turn();
        goOn();
        while (decoded.join('') !== 'first second') await turn();
        decoder.destroy();
      });
    }

    test('a slow reader slows the source down; one that is gone stops it', async (t) => {
      let pulled = 0;
      const { randomBytes } = await import('node:crypto');
      const piece = randomBytes(48 * 1024).toString('base64');
      const source = new Readable({
        read() {
          pulled++;
          this.push(piece);
        },
      });
      let isSettled = false;
      const middleware = compression();
      const { port, errors } = await serve(t, kind, (req, res) =>
        middleware(req, res, async () => {
          res.setHeader('Content-Type', 'text/plain');
          await respond(req, res, source);
          isSettled = true;
        }),
      );
      const socket = await connect(t, port);
      socket.pause();
      socket.write(`${headOf('/', { headers: { 'Accept-Encoding': 'gzip' } })}\r\n`);
      // Compressing is done elsewhere: nothing has moved for long when nothing will.
      let before = -1;
      for (let still = 0; still < 5000; still = pulled === before ? still + 1 : 0) {
        before = pulled;
        await turn();
      }
      assert.ok(pulled > 0 && pulled < 1000, `${pulled}`);
      socket.destroy();
      while (!isSettled) await turn();
      assert.deepEqual([source.destroyed, errors], [true, []]);
    });

    test('a source that fails cuts the response short', async (t) => {
      const middleware = compression();
      const running = await serve(t, kind, (req, res) =>
        middleware(req, res, () => {
          res.setHeader('Content-Type', 'text/plain');
          return respond(
            req,
            res,
            (async function* () {
              yield TEXT;
              throw new Error('late');
            })(),
          );
        }),
      );
      const failure = running.failure();
      const socket = await connect(t, running.port);
      let received = '';
      socket.on('data', (bytes: Buffer) => {
        received += bytes.toString('latin1');
      });
      socket.write(`${headOf('/', { headers: all })}\r\n`);
      await new Promise((resolve) => socket.once('close', resolve));
      assert.match(String(await failure), /late/);
      assert.doesNotMatch(received, /\r\n0\r\n\r\n$/);
    });

    test('events are left as they are', async (t) => {
      const answer = await exchange(t, (req, res) => sse(req, res).sendAll([TEXT]));
      assert.deepEqual([answer.coding, answer.headers.vary], [undefined, undefined]);
    });

    test('options are checked', () => {
      assert.throws(() => compression({ threshold: -1 }), { code: 'ERR_INVALID_ARG_VALUE' });
      assert.throws(() => compression({ encodings: ['deflate'] }), { code: 'ERR_INVALID_ARG_VALUE' });
    });
  });
}

/** The content of a chunked response, as it comes. */
async function fetchRaw(t: Parameters<typeof serve>[0], port: number, coding: string): Promise<Readable> {
  const { default: http } = await import('node:http');
  const request = http.get({ port, host: '127.0.0.1', headers: { 'Accept-Encoding': coding }, agent: false });
  t.after(() => request.destroy());
  request.on('error', () => {});
  const [response] = await once(request, 'response');
  assert.equal(response.headers['content-encoding'], coding);
  return response;
}

test('types that are worth compressing', () => {
  for (const type of [
    'text/html; charset=utf-8',
    'application/json',
    'application/problem+json',
    'image/svg+xml',
    'application/atom+xml; x=y',
    'text/javascript',
  ]) {
    assert.equal(isCompressible(type), true, type);
  }
  for (const type of [
    'image/png',
    'text/event-stream',
    'application/octet-stream',
    'video/mp4',
    'application/zip',
    '',
  ]) {
    assert.equal(isCompressible(type), false, type);
  }
});
