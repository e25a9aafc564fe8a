import { differ, differNewest } from './differ.js';
import { chunk, chunkedPost, get, head, lastChunk, lastGet } from './messages.js';
import type { Scene } from './scene.js';

const headMembers = ['method', 'url', 'httpVersion', 'httpVersionMajor', 'httpVersionMinor'] as const;

/** A server that logs the head of each request and answers `ok`. */
function headServer({ serve, properties }: Scene) {
  return serve((req, res) => {
    properties('req', req, [...headMembers, 'rawHeaders', 'headers']);
    res.end('ok');
  });
}

differ('a request line in its parts', async (scene) => {
  const server = await headServer(scene);
  await scene.exchange(server, lastGet('/a/b?c=d&e=%20f'));
  await scene.exchange(server, head('OPTIONS * HTTP/1.1', 'Host: a', 'Connection: close'));
  await scene.exchange(server, head('GET http://a.test:8080/x?y HTTP/1.1', 'Host: a', 'Connection: close'));
  await scene.exchange(server, head('GET / HTTP/1.0'));
  await scene.exchange(server, head('GET //double//slash HTTP/1.1', 'Host: a', 'Connection: close'));
  await scene.exchange(server, head('GET /!$&\'()*+,;=:@-._~%41[]{}|^`" HTTP/1.0'));
});

differ('every method', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('method', req.method);
    res.end();
  });
  for (const method of scene.http.METHODS) {
    if (method === 'CONNECT') continue;
    await scene.exchange(server, head(`${method} / HTTP/1.1`, 'Host: a', 'Connection: close'));
  }
});

differ('empty lines before the request line are skipped', async (scene) => {
  const server = await headServer(scene);
  await scene.exchange(server, `\r\n\r\n${lastGet('/')}`);
});

differ('a head that arrives byte by byte', async (scene) => {
  const server = await headServer(scene);
  const client = scene.connect(server);
  for (const byte of lastGet('/slow', 'X-A: 1', 'x-a:2', 'X-Empty:', 'x-b:  spaced  \t'))
    await client.send(byte);
  await client.closed();
  scene.record(client);
});

differ('field names keep their case in rawHeaders and lose it in headers', async (scene) => {
  const server = await headServer(scene);
  await scene.exchange(server, lastGet('/', 'X-UPPER: A', 'x-lower: b', 'X-miXed: C'));
});

differ('whitespace around a field value is dropped, within it is kept', async (scene) => {
  const server = await headServer(scene);
  await scene.exchange(server, lastGet('/', 'a:\t x  y\t \t', 'b:', 'c:   ', 'd:x'));
});

differ('field values are latin1', async (scene) => {
  const server = await headServer(scene);
  await scene.exchange(server, lastGet('/', 'X-Latin: caf\xe9 \xff\x80', 'X-Utf8: \xc3\xa9'));
});

differ('a request target beyond ASCII', async (scene) => {
  const server = await headServer(scene);
  await scene.exchange(server, head('GET /caf\xc3\xa9?\xff HTTP/1.1', 'Host: a', 'Connection: close'));
});

const repeated = [
  ...['age', 'authorization', 'content-type', 'etag', 'expires', 'from', 'if-modified-since'],
  ...['if-unmodified-since', 'last-modified', 'location', 'max-forwards', 'proxy-authorization', 'referer'],
  ...['retry-after', 'server', 'user-agent', 'cookie', 'set-cookie', 'accept', 'x-custom', 'via', 'origin'],
  ...['www-authenticate', 'cache-control', 'x-forwarded-for', 'if-match', 'sec-websocket-key', 'date'],
  ...['__proto__', 'constructor', 'hasownproperty', 'tostring'],
];
const twice = repeated.flatMap((name) => [`${name}: 1`, `${name.toUpperCase()}: 2`, `${name}: 3`]);

differ('repeated fields are joined, dropped or kept as a list', async (scene) => {
  const server = await headServer(scene);
  await scene.exchange(server, lastGet('/', ...twice));
});

differ('joinDuplicateHeaders joins what is dropped otherwise', async (scene) => {
  const server = await scene.serve(
    (req, res) => {
      scene.log('join', Reflect.get(req, 'joinDuplicateHeaders'));
      for (const [name, value] of Object.entries(req.headers)) scene.log(name, value);
      res.end();
    },
    { joinDuplicateHeaders: true },
  );
  await scene.exchange(server, lastGet('/', ...twice));
});

differ('headersDistinct lists every value', async (scene) => {
  const server = await scene.serve((req, res) => {
    for (const [name, values] of Object.entries(req.headersDistinct)) scene.log(name, values);
    res.end();
  });
  await scene.exchange(server, lastGet('/', ...twice));
});

differ('__proto__ as a field name is a name like any other', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('own', Object.keys(req.headers), Object.hasOwn(req.headers, '__proto__'));
    scene.log('polluted', ({} as Record<string, unknown>).polluted);
    scene.log('raw', req.rawHeaders);
    res.end();
  });
  await scene.exchange(server, lastGet('/', '__proto__: polluted', '__proto__: again'));
});

differNewest('headersDistinct and trailersDistinct have no prototype', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('prototype', Object.getPrototypeOf(req.headersDistinct));
    scene.log('__proto__', Reflect.get(req.headersDistinct, '__proto__'));
    req.resume().on('end', () => {
      scene.log('prototype', Object.getPrototypeOf(req.trailersDistinct));
      scene.log('__proto__', Reflect.get(req.trailersDistinct, '__proto__'));
      res.end();
    });
  });
  const fields = ['__proto__: x', '__proto__: y', 'Connection: close'];
  await scene.exchange(server, `${chunkedPost(...fields)}0\r\n__proto__: z\r\n__proto__: w\r\n\r\n`);
});

differ('the headers objects are made once and can be assigned', async (scene) => {
  const server = await scene.serve((req, res) => {
    for (const name of ['headers', 'headersDistinct', 'trailers', 'trailersDistinct'] as const) {
      const first = req[name];
      scene.log('same', first === req[name]);
    }
    scene.log('prototype', Object.getPrototypeOf(req.headers) === Object.prototype);
    req.headers['x-added'] = 'added';
    scene.log('added', req.headers['x-added']);
    req.headers = { other: 'one' };
    scene.log('assigned', req.headers);
    req.rawHeaders.push('X-Raw', 'late');
    scene.log('raw', req.rawHeaders);
    res.end();
  });
  await scene.exchange(server, lastGet());
});

differ('method, url and headers are writable, as middleware expects', async (scene) => {
  const server = await scene.serve((req, res) => {
    req.method = 'PUT';
    req.url = '/elsewhere';
    scene.log('own', Object.hasOwn(req, 'url'), Object.hasOwn(req, 'method'));
    scene.log('now', req.method, req.url);
    res.end();
  });
  await scene.exchange(server, lastGet());
});

differ('trailers after a chunked body', async (scene) => {
  const server = await scene.serve((req, res) => {
    const members = ['complete', 'trailers', 'rawTrailers', 'trailersDistinct'] as const;
    scene.properties('at the head', req, ['complete', 'trailers', 'rawTrailers']);
    req.resume().on('end', () => {
      scene.properties('at the end', req, members);
      scene.log('headers', req.headers);
      res.end();
    });
  });
  const trailers = [
    '0',
    'X-Sum: 1',
    'x-sum: 2',
    'Cookie: a',
    'cookie: b',
    'Content-Type: c',
    'content-type: d',
  ];
  await scene.exchange(server, `${chunkedPost('Connection: close')}3\r\nabc\r\n${head(...trailers)}`);
});

differ('trailers that arrive late', async (scene) => {
  const server = await scene.serve((req, res) => {
    req.on('data', (data) => scene.log('data', data)).on('end', () => res.end(JSON.stringify(req.trailers)));
  });
  const client = scene.connect(server);
  await client.send(`${chunkedPost('Connection: close')}3\r\nabc\r\n0\r\nX-Tra`);
  await scene.seen('data');
  await client.send('iler: va');
  await client.send('lue\r\n\r\n');
  await client.closed();
  scene.record(client);
});

differ('as many fields as maxHeadersCount', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('raw', req.rawHeaders);
    scene.log('headers', Object.keys(req.headers).length);
    res.end();
  });
  server.maxHeadersCount = 3;
  await scene.exchange(server, head('GET / HTTP/1.0', 'A: 1', 'B: 2'));
  await scene.exchange(server, head('GET / HTTP/1.0', 'A: 1', 'B: 2', 'C: 3'));
});

// Older stock drops them without a word.
differNewest('fields beyond maxHeadersCount are refused', async (scene) => {
  const server = await scene.serve((_req, res) => {
    scene.log('request');
    res.end();
  });
  server.maxHeadersCount = 3;
  await scene.exchange(server, head('GET / HTTP/1.0', 'A: 1', 'B: 2', 'C: 3', 'D: 4'));
});

differ('maxHeadersCount 0 is no limit', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('count', req.rawHeaders.length, Object.keys(req.headers).length);
    res.end();
  });
  server.maxHeadersCount = 0;
  const fields = Array.from({ length: 1500 }, (_, index) => `${index}:`);
  await scene.exchange(server, head('GET / HTTP/1.0', ...fields));
});

differ('headers of each request on a connection are its own', async (scene) => {
  const server = await headServer(scene);
  await scene.exchange(server, get('/1', 'X-A: 1') + get('/2', 'X-B: 2') + lastGet('/3'));
});

differ('an absolute-form target leaves Host alone', async (scene) => {
  const server = await headServer(scene);
  await scene.exchange(
    server,
    head('GET http://other.test/ HTTP/1.1', 'Host: example.test', 'Connection: close'),
  );
});

differ('Host on HTTP/1.1 is required', async (scene) => {
  const server = await headServer(scene);
  await scene.exchange(server, head('GET / HTTP/1.1'));
  await scene.exchange(server, head('GET / HTTP/1.0'));
  await scene.exchange(server, head('GET / HTTP/1.1', 'Host:', 'Connection: close'));
});

differ('requireHostHeader: false does without Host', async (scene) => {
  const server = await scene.serve((_req, res) => res.end('ok'), { requireHostHeader: false });
  await scene.exchange(server, head('GET / HTTP/1.1', 'Connection: close'));
});

differNewest('Content-Length in its accepted forms', async (scene) => {
  const server = await scene.serve((req, res) => {
    req.on('data', (data) => scene.log('data', data)).on('end', () => res.end('ok'));
  });
  for (const length of ['3', '003', ' 3 ', '0003\t']) {
    await scene.exchange(server, `${head('POST / HTTP/1.0', `Content-Length:${length}`)}abc`);
  }
});

differ('Transfer-Encoding in its accepted forms', async (scene) => {
  const server = await scene.serve((req, res) => {
    req.on('data', (data) => scene.log('data', data)).on('end', () => res.end(String(req.complete)));
  });
  for (const coding of ['chunked', 'Chunked', ' chunked ', 'CHUNKED', 'gzip, chunked']) {
    const start = head('POST / HTTP/1.1', 'Host: a', `Transfer-Encoding:${coding}`, 'Connection: close');
    await scene.exchange(server, `${start}3\r\nabc\r\n${lastChunk}`);
  }
});

differ('chunk sizes and extensions', async (scene) => {
  const server = await scene.serve((req, res) => {
    let body = '';
    req.on('data', (data) => {
      body += data;
    });
    req.on('end', () => res.end(body));
  });
  const bodies = ['3;a=b\r\nabc\r\n', '3;a;b="c d"\r\nabc\r\n', '0003\r\nabc\r\n', 'A\r\n0123456789\r\n'];
  bodies.push('a\r\n0123456789\r\n1\r\n!\r\n');
  for (const body of bodies)
    await scene.exchange(server, chunkedPost('Connection: close') + body + lastChunk);
});

differ('complete tells whether the whole message has come', async (scene) => {
  const server = await scene.serve((req, res) => {
    scene.log('at the head', req.complete);
    req.once('data', () => scene.log('at data', req.complete));
    req.on('end', () => {
      scene.log('at the end', req.complete);
      res.end();
    });
  });
  await scene.exchange(server, lastGet());
  const client = scene.connect(server);
  await client.send(`${chunkedPost('Connection: close')}${chunk('abc')}`);
  await scene.seen('at data');
  await client.send(lastChunk);
  await client.closed();
});
