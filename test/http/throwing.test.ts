/** Listeners that throw: an exception costs no other response anything. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';

/**
 * Runs a program in which exceptions end nothing, and returns the JSON that it prints. It has `fail`, which throws;
 * `thrown()`, how often; `serve(server, text)`, which sends that to the server and resolves with what came back when
 * both have closed.
 */
async function run(program: string): Promise<unknown> {
  const script = `
    import http from 'barewire/http';
    import { connect } from 'node:net';
    const fail = () => { throw new Error('on purpose'); };
    let count = 0;
    const thrown = () => count;
    process.on('uncaughtException', (error) => {
      if (error.message !== 'on purpose') throw error;
      count++;
    });
    const get = (path, fields = '') => 'GET ' + path + ' HTTP/1.1\\r\\nHost: a\\r\\n' + fields + '\\r\\n';
    const serve = (server, text, and) => new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const socket = connect(server.address().port, '127.0.0.1');
        if (and) socket.write(text);
        else socket.end(text);
        let received = '';
        socket.on('data', (data) => {
          received += data;
          and?.(socket, received);
        });
        socket.on('error', () => {});
        socket.on('close', () => server.close(() => resolve(received)));
      });
    });
    const tell = (...values) => console.log(JSON.stringify(values));
    ${program}`;
  const output = await new Promise<string>((resolve, reject) => {
    const options = { cwd: new URL('../../..', import.meta.url), timeout: 10_000 };
    execFile(
      process.execPath,
      ['--input-type=module', '--eval', script],
      options,
      (error, stdout, stderr) => {
        if (error) reject(new Error(stderr || 'it did not end', { cause: error }));
        else resolve(stdout);
      },
    );
  });
  return JSON.parse(output);
}

test('what throws when a response has left keeps no other from its end', async () => {
  const told = await run(`
    const closed = [];
    const server = http.createServer((req, res) => {
      res.on('close', () => closed.push(req.url));
      if (req.url === '/end') res.end('ok', fail);
      else if (req.url === '/finish') res.on('finish', fail).end('ok');
      else {
        res.write('o', fail);
        res.end('k');
      }
    });
    const paths = ['/end', '/finish', '/write', '/end', '/finish'];
    const received = await serve(server, paths.map((path) => get(path)).join(''));
    tell(thrown(), received.split('200 OK').length - 1, closed);
  `);
  assert.deepEqual(told, [5, 5, ['/end', '/finish', '/write', '/end', '/finish']]);
});

test('what throws as a response ends keeps neither it nor the ones behind from theirs', async () => {
  const told = await run(`
    const steps = [];
    const answers = [];
    const server = http.createServer((req, res) => {
      if (req.url !== '/4') res.on(req.url === '/3' ? 'socket' : 'prefinish', fail);
      res.on('close', () => steps.push('close ' + req.url));
      answers.unshift(() => {
        try {
          res.end('answer' + req.url);
          steps.push('ended ' + req.url);
        } catch {
          steps.push('threw ' + req.url);
        }
      });
      // The last is answered first.
      if (answers.length === 4) for (const answer of answers) answer();
    });
    const received = await serve(server, ['/1', '/2', '/3', '/4'].map((path) => get(path)).join(''));
    tell(thrown(), received.match(/answer../g), steps);
  `);
  assert.deepEqual(told, [
    2,
    ['answer/1', 'answer/2', 'answer/3', 'answer/4'],
    [
      ...['ended /4', 'ended /3', 'ended /2', 'threw /1'],
      ...['close /1', 'close /2', 'close /3', 'close /4'],
    ],
  ]);
});

test('a listener of close that throws keeps no other exchange of the connection from its end', async () => {
  const told = await run(`
    const closed = [];
    const server = http.createServer((req, res) => {
      res.on('close', () => {
        closed.push(req.url);
        fail();
      });
      req.on('aborted', () => closed.push('aborted ' + req.url));
      if (req.url === '/3') req.socket.destroy();
    });
    await serve(server, get('/1') + get('/2') + get('/3'));
    tell(thrown(), closed.sort());
  `);
  assert.deepEqual(told, [3, ['/1', '/2', '/3', 'aborted /1', 'aborted /2', 'aborted /3']]);
});

test('a listener of clientError that throws is told once, and the exchanges end', async () => {
  const told = await run(`
    const events = [];
    const server = http.createServer((req, res) => {
      res.on('close', () => events.push('close ' + req.url));
      if (req.url === '/gone') req.socket.on('end', () => req.socket.destroy());
    });
    server.on('clientError', (error) => {
      events.push(error.code);
      fail();
    });
    await serve(server, 'nonsense\\r\\n\\r\\n');
    await serve(server, get('/gone') + 'nonsense\\r\\n\\r\\n');
    tell(thrown(), events);
  `);
  assert.deepEqual(told, [2, ['HPE_INVALID_METHOD', 'HPE_INVALID_METHOD', 'close /gone']]);
});

test('a listener of upgrade that throws behind pipelined requests leaves the socket usable', async () => {
  const told = await run(`
    const server = http.createServer((req, res) => res.end('ok'));
    server.on('upgrade', (req, socket) => {
      socket.on('data', (data) => socket.end('echo ' + data));
      fail();
    });
    const upgrade = get('/', 'Connection: upgrade\\r\\nUpgrade: x\\r\\n');
    const received = await serve(server, get('/1') + get('/2') + upgrade, (socket, text) => {
      if (text.split('200 OK').length === 3 && !text.includes('echo')) socket.write('this');
    });
    tell(thrown(), received.split('200 OK').length - 1, received.slice(-9));
  `);
  assert.deepEqual(told, [1, 2, 'echo this']);
});

for (const name of ['IncomingMessage', 'ServerResponse']) {
  test(`an ${name} that throws when it is made ends the connection: no response takes the place of its own`, async () => {
    const told = await run(`
      const urls = [];
      let made = 0;
      class Own extends http.${name} {
        constructor(...args) {
          super(...args);
          if (++made === 2) fail();
        }
      }
      const server = http.createServer({ ${name}: Own }, (req, res) => {
        urls.push(req.url);
        res.end('answer' + req.url);
      });
      const received = await serve(server, get('/1') + get('/2'), (socket) => socket.write(get('/3')));
      tell(thrown(), urls, received.match(/answer../g) ?? []);
    `);
    const [thrown, urls, received] = told as [number, string[], string[]];
    assert.equal(thrown, 1);
    assert.deepEqual(urls, ['/1']);
    // Destroyed with the response corked, or not.
    assert.ok(received.every((answer) => answer === 'answer/1'));
  });
}

for (const stream of ['without', 'with']) {
  test(`what listeners of content throw ends it as in any stream, ${stream} one from the beginning`, async () => {
    const told = await run(`
      const told = {};
      const server = http.createServer((req, res) => {
        const steps = (told[req.url] = []);
        if (${stream === 'with'}) req.readableFlowing;
        for (const event of ['data', 'end', 'close']) {
          req.on(event, () => {
            steps.push(event);
            if ('/' + event === req.url) fail();
          });
        }
        setImmediate(() => setImmediate(() => {
          steps.push(req.destroyed, req.closed, req.readableEnded, req.readableLength);
          res.end('ok');
        }));
      });
      const post = (path) => 'POST ' + path + ' HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 2\\r\\n\\r\\nab';
      const all = ['/data', '/end', '/close', '/'].map(post).join('');
      const answers = (received) => received.split('200 OK').length - 1;
      const received = await serve(server, all, (socket, text) => {
        if (answers(text) === 4) socket.end();
      });
      tell(thrown(), answers(received), told);
    `);
    const rest = [true, true, true, 0];
    assert.deepEqual(told, [
      3,
      4,
      {
        '/data': ['data', 'end', 'close', ...rest],
        '/end': ['data', 'end', false, false, true, 0],
        '/close': ['data', 'end', 'close', ...rest],
        '/': ['data', 'end', 'close', ...rest],
      },
    ]);
  });
}
