import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHost } from '#src/wire/grammar.js';
import { accept, feed, refuse } from './feed.js';

const VALID = [
  '',
  'a',
  'a.b',
  'localhost:3000',
  'EXAMPLE.org.',
  '127.0.0.1',
  '127.0.0.1:80',
  'a:',
  'a:0',
  '[::1]',
  '[::1]:443',
  '[::]',
  '[2001:db8::8a2e:370:7334]:8080',
  '[1:2:3:4:5:6:7:8]',
  '[::ffff:1.2.3.4]',
  '[v1.a:b]',
  'a_b-c~d',
  'a%41b',
  "!$&'()*+,;=",
];
const INVALID = [
  'a b',
  'a/b',
  'a?b',
  'a#b',
  'a\\b',
  'a@b',
  'http://a',
  'a:b',
  'a:80:80',
  'a:-1',
  'a:+1',
  'a: 80',
  'a :80',
  'a"b',
  '<a>',
  'a|b',
  'a^b',
  'a`b',
  '{a}',
  'a\tb',
  'a, b',
  'a%',
  'a%4',
  'a%4g',
  'a%g4',
  '[]',
  '[::1',
  '::1]',
  '[::1]a',
  '[::1]:a',
  '[a]',
  '[:1]',
  '[1:2:3:4:5:6:7:8:9:a]',
  '[::g]',
  '[::1%25eth0]',
  '[[::1]]',
  '[v1]',
  '[v.a]',
  '[vg.a]',
  'a[::1]',
  'a]',
  'ä',
  '\xff',
];

describe('isHost', () => {
  it('takes uri-host with an optional port', () => {
    for (const host of VALID) assert.equal(isHost(host), true, host);
  });

  it('takes nothing else', () => {
    for (const host of INVALID) assert.equal(isHost(host), false, host);
    assert.equal(isHost('ā'), false);
  });
});

describe('Host', () => {
  const withHost = (host: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

  it('that is a host is accepted', () => {
    for (const host of VALID) assert.deepEqual(accept(withHost(host)).fields, ['Host', host]);
  });

  it('that is no host is refused', () => {
    for (const host of INVALID) refuse(withHost(host), 'HPE_INVALID_HEADER_TOKEN');
  });

  it('twice is refused, same or not', () => {
    for (const [first, second] of [
      ['a', 'a'],
      ['a', 'b'],
      ['a', ''],
      ['', ''],
    ]) {
      refuse(
        `GET / HTTP/1.1\r\nHost: ${first}\r\nX: y\r\nhost: ${second}\r\n\r\n`,
        'HPE_INVALID_HEADER_TOKEN',
      );
    }
  });

  it('is judged for every request of a connection', () => {
    assert.equal(feed(withHost('a').repeat(2)).messages.length, 2);
    const facts = feed(withHost('a') + withHost('b/') + withHost('a'));
    assert.equal(facts.messages.length, 1);
    assert.equal(facts.error?.code, 'HPE_INVALID_HEADER_TOKEN');
    const twice = feed(`${withHost('a')}GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n`);
    assert.equal(twice.messages.length, 1);
    assert.equal(twice.error?.reason, 'Duplicate Host');
  });

  it('may be missing: who demands it knows the version and its options', () => {
    accept('GET / HTTP/1.0\r\n\r\n');
    accept('GET / HTTP/1.1\r\n\r\n');
  });
});
