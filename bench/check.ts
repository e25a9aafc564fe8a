import { once } from 'node:events';
import { connect, exchange } from './load/exchange.js';
import { fieldValue, type ReadResponse } from './response-reader.js';
import { closesConnection, type Scenario } from './scenarios.js';
import type { ServerProcess } from './server-process.js';

/**
 * Fetches the scenario's answer once and compares it with what every subject must say: speed at giving a wrong
 * answer is worth nothing. Throws with the difference.
 */
export async function checkAnswer(scenario: Scenario, server: ServerProcess): Promise<void> {
  const { subject, port } = server;
  const socket = await connect(port, scenario.secure);
  try {
    const bytes = Buffer.concat(Array<Buffer>(scenario.pipelined).fill(scenario.request));
    const end = closesConnection(scenario) ? once(socket, 'end') : undefined;
    const responses = await exchange(socket, bytes, scenario.pipelined);
    for (const response of responses) {
      const difference = differenceOf(scenario, response, subject.sameHeaderSection);
      if (difference !== undefined) throw new Error(difference);
    }
    await end;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${subject.name} gives a wrong answer in scenario "${scenario.name}": ${reason}`);
  } finally {
    socket.destroy();
  }
}

function differenceOf(scenario: Scenario, got: ReadResponse, wholeHeader: boolean): string | undefined {
  const wanted = scenario.response;
  if (got.status !== wanted.status) return `status ${got.status} instead of ${wanted.status}`;
  if (wholeHeader) {
    const wantedHead = [`HTTP/1.1 ${wanted.status} OK`, ...wanted.fields].join('\n');
    const gotHead = [got.statusLine, ...got.fields.filter((line) => !line.startsWith('Date: '))].join('\n');
    if (gotHead !== wantedHead) return `the header section is\n${gotHead}\ninstead of\n${wantedHead}`;
    if (fieldValue(got.fields, 'date') === undefined) return 'there is no Date';
  } else {
    const gotType = fieldValue(got.fields, 'content-type')?.replace(/;.*/, '');
    const wantedType = fieldValue(wanted.fields, 'content-type');
    if (gotType !== wantedType) return `content type ${gotType} instead of ${wantedType}`;
  }
  if (!got.content.equals(wanted.content)) {
    return `the content is ${excerpt(got.content)} instead of ${excerpt(wanted.content)}`;
  }
  return undefined;
}

function excerpt(content: Buffer): string {
  const start = JSON.stringify(content.toString('latin1', 0, 60));
  return content.length > 60 ? `${start}… (${content.length} bytes)` : start;
}
