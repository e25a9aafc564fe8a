/** What the server of a program answers: responses whole and cut, well formed and not, in pieces. */
import type { Choices } from '../test/wire/generate.js';
import type { Answer, Step, Transport } from './client-program.js';

export const MALFORMED = [
  ...[
    'HTTP/1.1 2',
    'garbage\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n',
    'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
  ],
  ...[
    'HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\n',
    '\0',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  ],
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokno\r\n',
];
export const INTERIM = [
  ...['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'],
  'HTTP/1.1 102 Processing\r\n\r\n',
];

/** A response in pieces, and what comes before, behind and instead of it. */
export function generateAnswer(
  choices: Choices,
  id: number,
  method: string,
  upgrades: boolean,
  transport: Transport,
  mayEnd: boolean,
): Answer {
  const answer: Answer = { on: choices.rarely(5) ? 'head' : 'whole', steps: [] };
  if (choices.rarely(15)) return answer;
  const { text, isDelimited } = generateResponse(choices, id, method, upgrades, mayEnd);
  const isInterim = choices.rarely(6) && method !== 'CONNECT';
  let left = (isInterim ? choices.oneOf(INTERIM) : '') + text;
  const isMalformed = choices.rarely(15) && method !== 'CONNECT';
  if (isMalformed) left = choices.oneOf(MALFORMED);
  // Part of a head behind a response is a deviation, and so are empty lines: it comes as a whole.
  const behind = choices.rarely(12)
    ? choices.oneOf(['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'behind'])
    : '';
  // Cut short, and then the end.
  const isCut = behind === '' && !isMalformed && choices.rarely(8);
  if (isCut) left = left.slice(0, choices.below(left.length));
  while (left !== '') {
    const length = choices.rarely(3) ? 1 + choices.below(left.length) : left.length;
    const step: Step = { write: left.slice(0, length) };
    const wait = choices.oneOf([0, 0, 0, 1, 2, 5]);
    if (wait > 0) step.wait = wait;
    answer.steps.push(step);
    left = left.slice(length);
  }
  if (behind !== '') {
    // What comes later is not looked at while nobody reads the response, and in older releases never (CVE-2026-48931).
    (answer.steps.at(-1) as Step).write += behind;
  }
  if (isDelimited || isCut || choices.rarely(6)) {
    const step: Step = { wait: choices.oneOf([0, 0, 1, 2, 6]) };
    // What ends with a reset is cut short, which node:http does not see.
    if (transport === 'tcp' && !isDelimited && choices.rarely(3)) step.reset = true;
    else step.end = true;
    if (step.wait === 0) delete step.wait;
    answer.steps.push(step);
  }
  return answer;
}

function generateResponse(
  choices: Choices,
  id: number,
  method: string,
  upgrades: boolean,
  mayEnd: boolean,
): { text: string; isDelimited: boolean } {
  const version = choices.rarely(10) ? '1.0' : '1.1';
  const fields: string[] = [];
  const connection = choices.below(8);
  if (connection < 2) fields.push(`Connection: ${connection === 0 ? 'close' : 'keep-alive'}`);
  if (choices.rarely(8)) fields.push(`Keep-Alive: timeout=${choices.oneOf([1, 5, 0])}`);
  const head = (status: string, ...more: string[]) =>
    `${[`HTTP/${version} ${status}`, ...fields, ...more].join('\r\n')}\r\n\r\n`;
  if (method === 'CONNECT' && !choices.rarely(4))
    return { text: `${head('200 OK')}tunnel`, isDelimited: false };
  if (upgrades && !choices.rarely(4)) {
    const text = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n`;
    return { text: text + choices.oneOf(['', 'behind']), isDelimited: false };
  }
  if (choices.rarely(10))
    return { text: head(choices.oneOf(['204 No Content', '304 Not Modified'])), isDelimited: false };
  const content = `content of ${id}${choices.rarely(10) ? 'x'.repeat(choices.oneOf([1000, 20_000])) : ''}`;
  const kind = choices.below(10);
  const hasContent = method !== 'HEAD';
  if (kind < 5) {
    return {
      text: head('200 OK', `Content-Length: ${content.length}`) + (hasContent ? content : ''),
      isDelimited: false,
    };
  }
  if (kind < 6) return { text: head('200 OK', 'Content-Length: 0'), isDelimited: false };
  if (kind < 9 && version === '1.1') {
    const parts = choices.rarely(2) ? [content] : [content.slice(0, 4), content.slice(4)];
    const extension = choices.rarely(4) ? ';a=b' : '';
    const chunks = parts.map((part) => `${part.length.toString(16)}${extension}\r\n${part}\r\n`).join('');
    const trailers = choices.rarely(3) ? 'X-T: v\r\n' : '';
    return {
      text:
        head('200 OK', 'Transfer-Encoding: chunked') + (hasContent ? `${chunks}0\r\n${trailers}\r\n` : ''),
      isDelimited: false,
    };
  }
  // HEAD without framing fields is a deviation.
  if (!hasContent || !mayEnd)
    return { text: head('200 OK', 'Content-Length: 3') + (hasContent ? 'abc' : ''), isDelimited: false };
  return { text: head('200 OK') + content, isDelimited: true };
}
