// Members that Node 20 and 22 still have, deprecated, and Node 24 has not: old middleware reads them.
import { runScript } from './child-script.js';
import { differ } from './differ.js';

const warned = `process.on('warning', ({ name, code, message }) => console.log('warning', name, code, message));\n`;

/** The names of OutgoingMessage's prototype and of a message. */
const message = `
const message = new http.OutgoingMessage();
const show = () => {
  const { _headers: headers, _headerNames: names } = message;
  console.log(headers, headers && Object.getPrototypeOf(headers), names, names && Object.getPrototypeOf(names));
};
`;

differ('_headers and _headerNames are the headers that are set', (scene) =>
  runScript(
    scene,
    `${warned}${message}
    console.log('_headers' in message, '_headerNames' in message);
    console.log(Object.keys(message).includes('_headers'), Object.getOwnPropertyNames(message).includes('_headers'));
    show();
    message.setHeader('X-First', 1);
    message.setHeader('x-second', ['a', 'b']);
    show();
    message._headers && (message._headers['x-third'] = 'a copy');
    message.removeHeader('X-First');
    show();`,
  ),
);

differ('_headers and _headerNames may be set', (scene) =>
  runScript(
    scene,
    `${message}
    const { prototype } = http.OutgoingMessage;
    const can = '_headers' in prototype;
    message.setHeader('X-Gone', 1);
    for (const headers of [{ 'X-First': '1', second: ['a', 'b'] }, 'text', 1, undefined, { third: 3 }, null]) {
      if (can) message._headers = headers;
      show();
      console.log(message.getHeaders(), message.getRawHeaderNames());
    }
    if (can) message._headerNames = { a: 'A' };
    message.setHeader('a', 1);
    for (const names of [{ a: 'A', b: 'B' }, null, 'a']) {
      if (can) message._headerNames = names;
      show();
      console.log(message.getHeaders(), message.getRawHeaderNames());
    }`,
  ),
);
