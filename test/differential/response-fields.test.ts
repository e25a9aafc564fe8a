import type { ServerResponse } from 'node:http';
import { differ } from './differ.js';
import { get, lastGet } from './messages.js';
import type { Scene } from './scene.js';

async function respond(scene: Scene, handle: (res: ServerResponse) => void): Promise<void> {
  const server = await scene.serve((_req, res) => handle(res));
  await scene.exchange(server, lastGet());
}

// The types have it on ClientRequest alone.
function rawNames(res: ServerResponse): string[] {
  return (res as unknown as { getRawHeaderNames(): string[] }).getRawHeaderNames();
}

const oddities = [undefined, null, 1, true, {}, [], '', ' ', 'a b', 'é', 'a:', Symbol('s'), 'a\r\n'];

differ('setHeader refuses names that are no tokens', async (scene) => {
  await respond(scene, (res) => {
    for (const name of oddities) {
      scene.attempt(`name ${String(name as string)}`, () => typeof res.setHeader(name as never, 'x'));
    }
    res.end();
  });
});

differ('setHeader refuses values that would split the head', async (scene) => {
  await respond(scene, (res) => {
    for (const value of ['a\nb', 'a\r', '\0', 'Ā', '\x7f', undefined, ['ok', 'a\nb'], [undefined]]) {
      scene.attempt(`value ${JSON.stringify(value)}`, () => typeof res.setHeader('x-a', value as never));
    }
    scene.log('none', res.getHeaderNames());
    res.end();
  });
});

differ('setHeader takes what becomes text', async (scene) => {
  await respond(scene, (res) => {
    const values = ['', ' ', 'a\tb', 'é', 1, 0, -1.5, true, false, null, {}, [], [1, 2], new Date(0)];
    for (const [index, value] of values.entries()) {
      scene.attempt(`value ${index}`, () => typeof res.setHeader(`x-${index}`, value as never));
      scene.log(`typeof ${index}`, typeof res.getHeader(`x-${index}`));
    }
    res.end();
  });
});

differ('setHeader without a value', async (scene) => {
  await respond(scene, (res) => {
    scene.attempt('one argument', () => typeof Reflect.apply(res.setHeader, res, ['x-a']));
    scene.attempt('no argument', () => typeof Reflect.apply(res.setHeader, res, []));
    res.end();
  });
});

differ('setHeader replaces and returns res', async (scene) => {
  await respond(scene, (res) => {
    scene.log('same', res.setHeader('X-One', '1') === res);
    res.setHeader('x-one', '2');
    scene.log('value', res.getHeader('X-ONE'), res.getHeaderNames(), rawNames(res));
    res.end();
  });
});

differ('getHeader gives back what was set', async (scene) => {
  await respond(scene, (res) => {
    const list = ['a', 'b'];
    res.setHeader('X-List', list);
    res.setHeader('X-Number', 5);
    scene.log('list', res.getHeader('x-list') === list, 'number', res.getHeader('x-number'));
    scene.log('missing', res.getHeader('x-missing'), res.hasHeader('x-missing'));
    for (const name of [undefined, null, 1, {}]) {
      scene.attempt(`get ${String(name)}`, () => res.getHeader(name as never));
      scene.attempt(`has ${String(name)}`, () => res.hasHeader(name as never));
      scene.attempt(`remove ${String(name)}`, () => res.removeHeader(name as never));
    }
    res.end();
  });
});

differ('getHeaders is a copy without prototype', async (scene) => {
  await respond(scene, (res) => {
    const empty = res.getHeaders();
    scene.log('empty', Object.getPrototypeOf(empty), Object.keys(empty));
    res.setHeader('X-A', '1');
    res.setHeader('X-B', ['2', '3']);
    const headers = res.getHeaders();
    scene.log('headers', Object.getPrototypeOf(headers), { ...headers });
    headers['x-a'] = 'changed';
    scene.log('copy', res.getHeader('x-a'), res.getHeaders() === headers);
    scene.log('names', res.getHeaderNames(), rawNames(res));
    res.end();
  });
});

differ('names of the object prototype are header names like others', async (scene) => {
  await respond(scene, (res) => {
    scene.log('before', res.getHeader('constructor'), res.hasHeader('__proto__'), res.getHeader('toString'));
    res.setHeader('__proto__', 'a');
    res.setHeader('constructor', 'b');
    scene.log('after', res.getHeader('constructor'), res.getHeader('__proto__'), res.getHeaderNames());
    res.end();
  });
});

differ('removeHeader', async (scene) => {
  await respond(scene, (res) => {
    res.setHeader('X-A', '1');
    res.setHeader('X-B', '2');
    scene.log('removed', res.removeHeader('x-a'), res.hasHeader('X-A'), res.getHeaderNames());
    scene.attempt('missing', () => res.removeHeader('x-c'));
    res.setHeader('X-A', '3');
    res.end();
  });
});

differ('any number of headers keeps its order, whichever are removed and set again', async (scene) => {
  for (const count of [1, 2, 15, 16, 17, 18, 40]) {
    await respond(scene, (res) => {
      const names = Array.from({ length: count }, (_, index) => `X-${index}`);
      for (const name of names) res.setHeader(name, `${name} once`);
      for (const name of [names[0], names[count >> 1], names[count - 1]]) {
        res.removeHeader(name.toLowerCase());
        scene.log('without', name, res.hasHeader(name), res.getHeader(name), res.getHeaderNames());
        res.setHeader('X-New', name);
        res.removeHeader('X-New');
      }
      res.setHeader(names[0], 'again');
      res.appendHeader(names[count - 1].toUpperCase(), ['and', 'again']);
      res.setHeader(names[count >> 2].toUpperCase(), 'spelled otherwise');
      scene.log('names', rawNames(res), { ...res.getHeaders() });
      for (const name of names) res.removeHeader(name);
      scene.log('none', res.getHeaderNames());
      for (const name of names) res.setHeader(name, 'anew');
      res.end();
    });
  }
});

differ('the heads of one connection are each its own, alike or not', async (scene) => {
  const server = await scene.serve((req, res) => {
    const [, status, length, type, reason] = (req.url as string).split('/');
    if (reason) res.statusMessage = reason;
    if (type) res.setHeader('Content-Type', `text/${type}`);
    res.statusCode = Number(status);
    res.end('a'.repeat(Number(length)));
  });
  const targets = [
    ...['/200/1023/plain', '/200/1023/plain', '/200/1023/plain', '/200/1024/plain', '/200/1025/plain'],
    ...['/200/0/plain', '/200/0/plain', '/404/5/plain', '/404/5/plain', '/200/5/plain', '/200/5/html'],
    ...['/200/5/html', '/200/5/html/Fine', '/200/5/html/Fine', '/200/5/html', '/200/5', '/200/5', '/204/0'],
    ...['/204/0/plain', '/200/5/html', '/200/5/html'],
  ];
  await scene.exchange(server, targets.map((target) => get(target)).join('') + lastGet('/200/5/html'));
});

differ('appendHeader', async (scene) => {
  await respond(scene, (res) => {
    scene.log('same', res.appendHeader('X-A', '1') === res, res.getHeader('x-a'));
    res.appendHeader('x-a', '2');
    scene.log('two', res.getHeader('x-a'));
    res.appendHeader('X-A', ['3', '4']);
    scene.log('four', res.getHeader('x-a'));
    res.appendHeader('X-B', ['1', '2']);
    scene.log('list', res.getHeader('x-b'));
    res.setHeader('X-C', '1').appendHeader('x-c', '2');
    scene.log('after setHeader', res.getHeader('x-c'));
    res.setHeader('X-D', 5 as never).appendHeader('X-D', '6');
    scene.log('after a number', res.getHeader('x-d'));
    scene.attempt('value', () => typeof res.appendHeader('x-a', 'a\nb'));
    scene.attempt('name', () => typeof res.appendHeader('a b', 'c'));
    scene.attempt('undefined', () => typeof res.appendHeader('x-a', undefined as never));
    res.end();
  });
});

differ('setHeaders from Headers and Map', async (scene) => {
  await respond(scene, (res) => {
    res.setHeader('X-A', 'before');
    const headers = new Headers({ 'X-A': '1', 'X-B': '2' });
    headers.append('Set-Cookie', 'a=1');
    headers.append('Set-Cookie', 'b=2');
    headers.append('X-B', '3');
    scene.log('same', res.setHeaders(headers) === res);
    scene.log('headers', { ...res.getHeaders() });
    res.setHeaders(new Map<string, string | number | string[]>([['X-C', ['4', '5']]]) as never);
    scene.log('names', rawNames(res));
    res.end();
  });
});

differ('setHeaders from a Map with Set-Cookie', async (scene) => {
  await respond(scene, (res) => {
    const cookies = new Map<string, string[]>([['Set-Cookie', ['a=1', 'b=2']]]);
    scene.attempt('set', () => typeof res.setHeaders(cookies as never));
    scene.log('headers', { ...res.getHeaders() });
    res.end();
  });
});

differ('setHeaders refuses anything else', async (scene) => {
  await respond(scene, (res) => {
    for (const value of [undefined, null, {}, [], ['a', 'b'], 'a', 1, new Set(), { a: 'b' }]) {
      scene.attempt(JSON.stringify(value) ?? 'undefined', () => typeof res.setHeaders(value as never));
    }
    scene.attempt('a bad value', () => typeof res.setHeaders(new Map([['a', 'b\n']])));
    res.end();
  });
});

differ('header methods before any header is set', async (scene) => {
  await respond(scene, (res) => {
    scene.log('names', res.getHeaderNames(), rawNames(res));
    scene.log('headers', { ...res.getHeaders() }, res.hasHeader('a'), res.getHeader('a'));
    scene.log('sent', res.headersSent, Reflect.get(res, '_header'));
    res.end();
    scene.log('after', res.headersSent, typeof Reflect.get(res, '_header'));
  });
});

differ('headersSent cannot be assigned', async (scene) => {
  await respond(scene, (res) => {
    scene.attempt('assign', () => {
      (res as { headersSent: boolean }).headersSent = true;
    });
    scene.log('value', res.headersSent);
    res.end();
  });
});

differ('values in latin1 go out as bytes before a body in bytes', async (scene) => {
  await respond(scene, (res) => {
    res.setHeader('X-Latin', 'caf\xe9 \xff');
    res.end(Buffer.from('x'));
  });
  await respond(scene, (res) => {
    res.setHeader('X-Latin', 'caf\xe9 \xff');
    res.end();
  });
});

differ('addTrailers and the Trailer field', async (scene) => {
  const run = async (handle: (res: ServerResponse) => void) => respond(scene, handle);
  await run((res) => {
    res.writeHead(200, { Trailer: 'X-Sum' });
    res.write('body');
    res.addTrailers({ 'X-Sum': '1', 'X-List': ['a', 'b'] as never, 'X-Number': 5 as never });
    res.end();
  });
  await run((res) => {
    res.write('body');
    res.addTrailers([
      ['X-A', '1'],
      ['x-a', '2'],
    ]);
    res.end();
  });
  await run((res) => {
    res.addTrailers({ 'X-Sum': '1' });
    res.end('with a length, no trailers');
  });
  await run((res) => {
    res.setHeader('Trailer', 'X-Sum');
    res.addTrailers({ 'X-Sum': '1' });
    res.end('with Trailer, no length');
  });
});

differ('trailers that are refused', async (scene) => {
  await respond(scene, (res) => {
    res.write('body');
    scene.attempt('name', () => res.addTrailers({ 'a b': 'c' }));
    scene.attempt('value', () => res.addTrailers({ a: 'b\nc' }));
    scene.attempt('undefined', () => res.addTrailers({ a: undefined as never }));
    res.end();
  });
});

differ('a Trailer field needs the chunked coding', async (scene) => {
  await respond(scene, (res) => {
    res.setHeader('Content-Length', 1);
    scene.attempt('writeHead', () => typeof res.writeHead(200, { Trailer: 'X-Sum' }));
    scene.log('sent', res.headersSent);
    res.destroy();
  });
});

differ('values that were sent before are sent, replaced and added to as new ones are', async (scene) => {
  const uses: ((res: ServerResponse) => void)[] = [
    (res) => res.setHeader('X-A', 'same').setHeader('X-B', 'b'),
    (res) => res.setHeader('X-A', 'same').appendHeader('X-A', 'more').setHeader('X-B', 'b'),
    (res) => res.setHeader('X-A', 'same').setHeader('X-A', 'other'),
    (res) => res.setHeader('x-a', 'same').setHeader('X-A', 'same'),
    (res) => res.setHeader('X-A', ['same', 'same']),
    (res) => res.setHeader('Connection', 'close').setHeader('X-A', 'same'),
  ];
  for (const use of [...uses, ...uses]) {
    await respond(scene, (res) => {
      use(res);
      scene.log('set', res.getHeader('x-a'), res.getHeaders());
      res.end('ok');
    });
  }
});
