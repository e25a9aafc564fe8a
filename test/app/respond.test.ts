import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { type RespondOptions, respond } from '#src/app/respond.js';
import { type Answer, type Asked, ask, connect, headOf, kinds, serve } from './answering.js';

const JSON_TYPE = 'application/json; charset=utf-8';

for (const kind of kinds) {
  describe(`respond, on ${kind}`, () => {
    /** One exchange with a handler that responds with a value. */
    async function exchange(
      t: Parameters<typeof serve>[0],
      value: unknown,
      asked: Asked = {},
      before: (res: Parameters<typeof respond>[1]) => void = () => {},
      options?: RespondOptions,
    ): Promise<Answer> {
      const { port } = await serve(t, kind, (req, res) => {
        before(res);
        return respond(req, res, typeof value === 'function' ? value() : value, options);
      });
      return ask(t, port, '/', asked);
    }

    const wholes: [name: string, value: unknown, type: string, content: string][] = [
      ['a string is HTML', '<p>é', 'text/html; charset=utf-8', '<p>é'],
      ['an empty string', '', 'text/html; charset=utf-8', ''],
      ['an object is JSON', { a: [1, 'é'] }, JSON_TYPE, '{"a":[1,"é"]}'],
      ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), JSON_TYPE, '{"a":1}'],
      ['an array', [1, null], JSON_TYPE, '[1,null]'],
      ['a number is JSON, not a status', 404, JSON_TYPE, '404'],
      ['zero', 0, JSON_TYPE, '0'],
      ['true', true, JSON_TYPE, 'true'],
      ['false', false, JSON_TYPE, 'false'],
      ['null', null, JSON_TYPE, 'null'],
      ['an object with toJSON', new Date(0), JSON_TYPE, '"1970-01-01T00:00:00.000Z"'],
      ['a Buffer', Buffer.from('bytes'), 'application/octet-stream', 'bytes'],
      ['a Uint8Array', new Uint8Array([65, 66]), 'application/octet-stream', 'AB'],
      ['a typed array of wider elements', new Uint16Array([0x4142]), 'application/octet-stream', 'BA'],
      [
        'a view of part of a buffer',
        new DataView(Buffer.from('abc').buffer, 0, 0),
        'application/octet-stream',
        '',
      ],
      ['an ArrayBuffer', new Uint8Array([67]).buffer, 'application/octet-stream', 'C'],
      ['a Blob', new Blob(['blob'], { type: 'text/css' }), 'text/css', 'blob'],
      ['a Blob without a type', new Blob(['blob']), 'application/octet-stream', 'blob'],
    ];
    for (const [name, value, type, content] of wholes) {
      test(`${name}, with its length`, async (t) => {
        const answer = await exchange(t, value);
        assert.equal(answer.status, 200);
        assert.equal(answer.headers['content-type'], type);
        assert.equal(answer.headers['content-length'], String(Buffer.byteLength(content)));
        assert.equal(answer.text, content);
      });

      test(`${name}, to HEAD: the same fields, no content`, async (t) => {
        const answer = await exchange(t, value, { method: 'HEAD' });
        assert.equal(answer.headers['content-type'], type);
        assert.equal(answer.headers['content-length'], String(Buffer.byteLength(content)));
      });

      for (const status of [204, 304]) {
        test(`${name}, with status ${status}: no content, no fields of it`, async (t) => {
          const answer = await exchange(t, value, {}, (res) => {
            res.statusCode = status;
            res.setHeader('Content-Type', 'text/x');
          });
          assert.equal(answer.status, status);
          for (const field of ['content-type', 'content-length', 'transfer-encoding']) {
            assert.equal(answer.headers[field], undefined, field);
          }
        });
      }
    }

    const streams: [name: string, make: () => unknown][] = [
      ['a Node stream', () => Readable.from([Buffer.from('ab'), Buffer.from('c')])],
      ['a Node stream of texts', () => Readable.from(['ab', 'c'])],
      ['a web stream', () => new Blob(['abc']).stream()],
      [
        'an async generator',
        async function* () {
          yield 'ab';
          yield new Uint8Array([99]);
        },
      ],
      [
        'a plain object that is async iterable',
        () => ({
          async *[Symbol.asyncIterator]() {
            yield 'a';
            yield '';
            yield new Uint8Array([98, 99]).buffer;
          },
        }),
      ],
      ['a stream of the first kind', () => oldStream(['ab', 'c'])],
    ];
    for (const [name, make] of streams) {
      test(`${name}, as it comes`, async (t) => {
        const answer = await exchange(t, make);
        assert.equal(answer.status, 200);
        assert.equal(answer.headers['content-type'], 'application/octet-stream');
        assert.equal(answer.headers['transfer-encoding'], 'chunked');
        assert.deepEqual([answer.text, answer.isComplete], ['abc', true]);
      });

      test(`${name}, to HEAD and with 204: not read`, async (t) => {
        assert.equal((await exchange(t, make, { method: 'HEAD' })).status, 200);
        assert.equal((await exchange(t, make, {}, (res) => void (res.statusCode = 204))).status, 204);
      });

      test(`${name}, to HTTP/1.0: to the end of the connection`, async (t) => {
        const answer = await exchange(t, make, { version: '1.0' });
        assert.deepEqual([answer.text, answer.isComplete], ['abc', true]);
        assert.equal(answer.headers['transfer-encoding'], undefined);
      });
    }

    test('undefined, and the response itself, send nothing', async (t) => {
      const { port } = await serve(t, kind, (req, res) => {
        assert.equal(respond(req, res, undefined), undefined);
        assert.equal(respond(req, res, res), undefined);
        assert.equal(res.headersSent, false);
        res.end('mine');
      });
      assert.equal((await ask(t, port)).text, 'mine');
    });

    test('a value after the head was sent changes nothing', async (t) => {
      const { port } = await serve(t, kind, (req, res) => {
        res.end('mine');
        respond(req, res, { late: true });
      });
      assert.equal((await ask(t, port)).text, 'mine');
    });

    test('a type that is set stays, and a text says its charset', async (t) => {
      const json = await exchange(t, '{}', {}, (res) => res.setHeader('Content-Type', 'application/json'));
      assert.equal(json.headers['content-type'], 'application/json');
      const css = await exchange(t, 'a{}', {}, (res) => res.setHeader('Content-Type', 'text/css'));
      assert.equal(css.headers['content-type'], 'text/css; charset=utf-8');
      const latin = await exchange(t, 'a', {}, (res) => res.setHeader('Content-Type', 'text/x; charset=x'));
      assert.equal(latin.headers['content-type'], 'text/x; charset=x');
    });

    test('a length that was set for something else is put right', async (t) => {
      const answer = await exchange(t, 'abc', {}, (res) => res.setHeader('Content-Length', 99));
      assert.deepEqual([answer.headers['content-length'], answer.text], ['3', 'abc']);
    });

    test('205 says that there is nothing', async (t) => {
      const answer = await exchange(t, 'abc', {}, (res) => void (res.statusCode = 205));
      assert.deepEqual([answer.status, answer.headers['content-length'], answer.text], [205, '0', '']);
    });

    test('what cannot be sent is refused before anything is', async (t) => {
      const cycle: Record<string, unknown> = {};
      cycle.self = cycle;
      for (const value of [() => nop, () => Symbol('x'), () => 1n, () => cycle, () => ({ big: 1n })]) {
        const answer = await exchange(t, value);
        assert.equal(answer.status, 500);
        assert.notEqual(answer.headers['content-type'], JSON_TYPE);
      }
    });

    test('an Error is thrown, not shown', async (t) => {
      const answer = await exchange(t, () => Object.assign(new Error('secret'), { status: 409, code: 'E' }));
      assert.deepEqual([answer.status, answer.text], [409, 'E']);
    });

    describe('entity-tags and conditions', () => {
      test('none by default, a weak or a strong one, one of your own', async (t) => {
        assert.equal((await exchange(t, 'abc')).headers.etag, undefined);
        const weak = await exchange(t, 'abc', {}, undefined, { etag: 'weak' });
        assert.match(String(weak.headers.etag), /^W\/"3-[\w+/]{27}"$/);
        const strong = await exchange(t, 'abc', {}, undefined, { etag: 'strong' });
        assert.equal(`W/${strong.headers.etag}`, weak.headers.etag);
        const own = await exchange(t, 'abc', {}, undefined, { etag: () => '"mine"' });
        assert.equal(own.headers.etag, '"mine"');
      });

      test('304 where the client has it', async (t) => {
        for (const method of ['GET', 'HEAD']) {
          const answer = await exchange(
            t,
            { a: 1 },
            { method, headers: { 'If-None-Match': '"x", "tag"' } },
            (res) => res.setHeader('ETag', 'W/"tag"'),
          );
          assert.deepEqual([answer.status, answer.headers.etag], [304, 'W/"tag"']);
          assert.equal(answer.headers['content-type'], undefined);
        }
      });

      test('412 where it is another than the client means', async (t) => {
        const answer = await exchange(t, 'abc', { headers: { 'If-Match': '"other"' } }, (res) =>
          res.setHeader('ETag', '"tag"'),
        );
        assert.equal(answer.status, 412);
      });

      test('a POST is answered: its condition stood before what it did', async (t) => {
        const answer = await exchange(
          t,
          'abc',
          { method: 'POST', headers: { 'If-None-Match': '*', 'Content-Length': '0' } },
          (res) => res.setHeader('ETag', '"tag"'),
        );
        assert.equal(answer.status, 200);
      });

      test('an error is no answer to a condition', async (t) => {
        const answer = await exchange(t, 'no', { headers: { 'If-None-Match': '"tag"' } }, (res) => {
          res.statusCode = 404;
          res.setHeader('ETag', '"tag"');
        });
        assert.deepEqual([answer.status, answer.text], [404, 'no']);
      });

      test('a stream with a tag is not read for 304', async (t) => {
        let stream: Readable | undefined;
        const answer = await exchange(
          t,
          () => {
            stream = new Readable({ read: () => assert.fail('read') });
            return stream;
          },
          { headers: { 'If-None-Match': '"tag"' } },
          (res) => res.setHeader('ETag', '"tag"'),
        );
        assert.deepEqual([answer.status, stream?.destroyed], [304, true]);
      });
    });

    describe('a fetch Response', () => {
      test('status, reason, fields and content are its own', async (t) => {
        const answer = await exchange(
          t,
          () => new Response('made', { status: 201, statusText: 'Made', headers: { 'X-A': '1' } }),
          {},
          (res) => res.setHeader('X-B', '2'),
        );
        assert.equal(answer.status, 201);
        assert.equal(answer.headers['content-type'], 'text/plain;charset=UTF-8');
        assert.deepEqual([answer.headers['x-a'], answer.headers['x-b'], answer.text], ['1', '2', 'made']);
      });

      test('its cookies are lines of their own, beside those that are set', async (t) => {
        const headers = new Headers([
          ['Set-Cookie', 'a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
          ['Set-Cookie', 'b=2'],
        ]);
        const answer = await exchange(
          t,
          () => new Response(null, { headers }),
          {},
          (res) => res.setHeader('Set-Cookie', 'c=3'),
        );
        assert.deepEqual(answer.headers['set-cookie'], [
          'c=3',
          'a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
          'b=2',
        ]);
        assert.equal(answer.headers['content-length'], '0');
      });

      test('fields of a connection stay behind, those that Connection names as well', async (t) => {
        const headers = {
          Connection: 'X-Hop',
          'X-Hop': '1',
          'Keep-Alive': 'timeout=999',
          Upgrade: 'x',
          'X-End': '2',
        };
        const answer = await exchange(t, () => new Response('a', { headers }));
        assert.deepEqual([answer.headers['x-hop'], answer.headers.upgrade], [undefined, undefined]);
        assert.notEqual(answer.headers['keep-alive'], 'timeout=999');
        assert.equal(answer.headers['x-end'], '2');
      });

      test('one without content has no length to wait for, but to HEAD', async (t) => {
        const make = () => new Response(null, { headers: { 'Content-Length': '7' } });
        assert.equal((await exchange(t, make)).headers['content-length'], '0');
        assert.equal((await exchange(t, make, { method: 'HEAD' })).headers['content-length'], '7');
      });

      test('one that fetch has decoded goes out decoded', async (t) => {
        const { gzipSync } = await import('node:zlib');
        const upstream = await serve(t, kind, (_, res) => {
          res.setHeader('Content-Encoding', 'gzip');
          res.end(gzipSync('decoded'));
        });
        const { port } = await serve(t, kind, async (req, res) =>
          respond(req, res, await fetch(`http://127.0.0.1:${upstream.port}/`)),
        );
        const proxied = await ask(t, port);
        assert.deepEqual([proxied.text, proxied.isComplete], ['decoded', true]);
        assert.equal(proxied.headers['content-encoding'], undefined);
      });

      test('one that was read already, and Response.error(), are refused', async (t) => {
        const { port } = await serve(t, kind, async (req, res) => {
          const response = new Response('x');
          await response.text();
          return respond(req, res, response);
        });
        assert.equal((await ask(t, port)).status, 500);
        assert.equal((await exchange(t, () => Response.error())).status, 500);
      });
    });

    test('the request itself: an echo, with or without content, and the connection is kept', async (t) => {
      const { port, errors } = await serve(t, kind, (req, res) => {
        if (req.url === '/none') res.statusCode = 204;
        return respond(req, res, req);
      });
      const socket = await connect(t, port);
      let received = '';
      socket.on('data', (piece: Buffer) => {
        received += piece.toString();
      });
      const content = { 'Content-Length': '4' };
      socket.write(`${headOf('/none', { method: 'POST', headers: content })}\r\nlost`);
      while (!received.includes(' 204 ')) await once(socket, 'data');
      socket.write(`${headOf('/', { method: 'POST', headers: content })}\r\necho`);
      while (!received.endsWith('0\r\n\r\n')) await once(socket, 'data');
      assert.match(received, / 204 .* 200 .*\r\n4\r\necho\r\n0\r\n\r\n$/s);
      assert.deepEqual(errors, []);
    });

    test('a PassThrough that is written later', async (t) => {
      const answer = await exchange(t, () => {
        const through = new PassThrough();
        setImmediate(() => through.end('later'));
        return through;
      });
      assert.equal(answer.text, 'later');
    });
  });
}

function nop(): void {}

/** A stream as Node had them before 0.10: no more than pipe, 'data' and 'end'. */
function oldStream(chunks: string[]): unknown {
  const stream = Object.assign(new EventEmitter(), {
    readable: true,
    pipe: nop,
    pause: nop,
    resume: nop,
    destroy: nop,
  });
  setImmediate(() => {
    for (const chunk of chunks) stream.emit('data', Buffer.from(chunk));
    stream.emit('end');
  });
  return stream;
}
