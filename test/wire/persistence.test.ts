import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldSection, findName } from '#src/wire/fields.js';
import {
  connectionOptions,
  isPersistent,
  messageConnectionOptions,
  OPTION_CLOSE,
  OPTION_KEEP_ALIVE,
  OPTION_UPGRADE,
} from '#src/wire/persistence.js';

function section(lines: readonly (readonly [string, string])[]): FieldSection {
  const fields = new FieldSection();
  for (const [name, value] of lines) {
    const bytes = Buffer.from(name, 'latin1');
    fields.add(name, value, findName(bytes, 0, bytes.length).number);
  }
  return fields;
}

describe('connectionOptions', () => {
  it('knows close, keep-alive and upgrade in any case', () => {
    for (const value of [
      'close',
      'Close',
      'CLOSE',
      ' close',
      'close\t',
      'foo, close',
      'close,foo',
      ',close,',
    ]) {
      assert.equal(connectionOptions(value), OPTION_CLOSE, value);
    }
    for (const value of ['keep-alive', 'Keep-Alive', 'KEEP-ALIVE', 'x,keep-alive']) {
      assert.equal(connectionOptions(value), OPTION_KEEP_ALIVE, value);
    }
    for (const value of ['a", close', '"a, close, b"', '"\\", close']) {
      assert.equal(connectionOptions(value), OPTION_CLOSE, value);
    }
    assert.equal(connectionOptions('Upgrade'), OPTION_UPGRADE);
    assert.equal(connectionOptions('keep-alive, Upgrade'), OPTION_KEEP_ALIVE | OPTION_UPGRADE);
    assert.equal(connectionOptions('close, keep-alive'), OPTION_CLOSE | OPTION_KEEP_ALIVE);
  });

  it('takes nothing that only looks like one', () => {
    for (const value of [
      '',
      ',',
      'xclose',
      'closed',
      'clo se',
      '"close"',
      '"a,close"',
      'keep_alive',
      'close;a',
      '\xa0close',
    ]) {
      assert.equal(connectionOptions(value), 0, value);
    }
  });
});

describe('messageConnectionOptions', () => {
  it('reads every Connection line, and Proxy-Connection like them', () => {
    assert.equal(messageConnectionOptions(section([])), 0);
    assert.equal(messageConnectionOptions(section([['Connection', 'close']])), OPTION_CLOSE);
    const two = section([
      ['Connection', 'foo'],
      ['X', 'y'],
      ['connection', 'close'],
    ]);
    assert.equal(messageConnectionOptions(two), OPTION_CLOSE);
    assert.equal(messageConnectionOptions(section([['Proxy-Connection', 'keep-alive']])), OPTION_KEEP_ALIVE);
    const both = section([
      ['Connection', 'keep-alive'],
      ['Proxy-Connection', 'close'],
    ]);
    assert.equal(messageConnectionOptions(both), OPTION_CLOSE | OPTION_KEEP_ALIVE);
  });

  it('reads no other field', () => {
    assert.equal(
      messageConnectionOptions(
        section([
          ['Keep-Alive', 'close'],
          ['Upgrade', 'close'],
        ]),
      ),
      0,
    );
  });
});

describe('isPersistent', () => {
  it('is the default of HTTP/1.1 and not that of HTTP/1.0', () => {
    assert.equal(isPersistent(1, 0), true);
    assert.equal(isPersistent(0, 0), false);
    assert.equal(isPersistent(1, OPTION_KEEP_ALIVE), true);
    assert.equal(isPersistent(0, OPTION_KEEP_ALIVE), true);
    assert.equal(isPersistent(0, OPTION_UPGRADE), false);
  });

  it('is ended by close, whatever else is said', () => {
    for (const minor of [0, 1]) {
      assert.equal(isPersistent(minor, OPTION_CLOSE), false);
      assert.equal(isPersistent(minor, OPTION_CLOSE | OPTION_KEEP_ALIVE), false);
    }
  });
});
