import { once } from 'node:events';
import { connect, exchange } from './load/exchange.js';
import type { Exchange, ExpectedResponse } from './messages.js';
import { fieldValue, type ReadResponse } from './response-reader.js';
import { closesConnection, exchangesOf, type Scenario } from './scenarios.js';
import type { ServerProcess } from './server-process.js';

/**
 * Fetches each of the scenario's answers once and compares it with what every subject must say: speed at giving a wrong
 * answer is worth nothing. Throws with the difference.
 */
export async function checkAnswer(scenario: Scenario, server: ServerProcess): Promise<void> {
  const { subject, port } = server;
  const socket = await connect(port, scenario.secure);
  const check = async ({ request, response }: Exchange, count: number): Promise<void> => {
    const bytes = Buffer.concat(Array<Buffer>(count).fill(request));
    for (const got of await exchange(socket, bytes, count)) {
      const difference = differenceOf(response, got, subject.sameHeaderSection);
      if (difference !== undefined) throw new Error(difference);
    }
  };
  const exchanges = subject.isConstant ? [scenario] : exchangesOf(scenario);
  const checks = subject.isConstant ? undefined : scenario.checks;
  try {
    const end = closesConnection(scenario) ? once(socket, 'end') : undefined;
    for (const one of exchanges) await check(one, scenario.pipelined);
    for (const one of checks?.exchanges ?? []) await check(one, 1);
    await end;
    for (const { request, status } of checks?.refusals ?? []) {
      const [got] = await exchange(socket, request, 1);
      if (got.status !== status) throw new Error(`status ${got.status} instead of ${status}`);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${subject.name} gives a wrong answer in scenario "${scenario.name}": ${reason}`);
  } finally {
    socket.destroy();
  }
}

function differenceOf(wanted: ExpectedResponse, got: ReadResponse, wholeHeader: boolean): string | undefined {
  if (got.status !== wanted.status) return `status ${got.status} instead of ${wanted.status}`;
  if (wholeHeader) {
    const wantedHead = [`HTTP/1.1 ${wanted.status} OK`, ...wanted.fields].join('\n');
    const gotHead = [got.statusLine, ...got.fields.filter((line) => !line.startsWith('Date: '))].join('\n');
    if (gotHead !== wantedHead) return `the header section is\n${gotHead}\ninstead of\n${wantedHead}`;
    if (fieldValue(got.fields, 'date') === undefined) return 'there is no Date';
  } else {
    const gotType = mediaTypeOf(got.fields);
    const wantedType = mediaTypeOf(wanted.fields);
    if (gotType !== wantedType) return `content type ${gotType} instead of ${wantedType}`;
  }
  if (!got.content.equals(wanted.content)) {
    return `the content is ${excerpt(got.content)} instead of ${excerpt(wanted.content)}`;
  }
  return undefined;
}

/** The content type without its parameters. */
function mediaTypeOf(fields: readonly string[]): string | undefined {
  return fieldValue(fields, 'content-type')?.replace(/;.*/, '');
}

function excerpt(content: Buffer): string {
  const start = JSON.stringify(content.toString('latin1', 0, 60));
  return content.length > 60 ? `${start}… (${content.length} bytes)` : start;
}
