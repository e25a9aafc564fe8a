/** Programs of a client, made from a seed: requests, what is done to them and when, and what a server does meanwhile. */
import { Choices } from '../test/wire/generate.js';
import { generateAnswer, INTERIM, MALFORMED } from './client-answers.js';

/** When something is done: in the n-th event of that name of a request's, or so long behind it. */
export interface Moment {
  /** The request whose event it is. */
  of?: number;
  /** 'made', or an event as `req.socket`, `res.data`, `socket.close`, `cb` for the callbacks of acts. */
  on: string;
  nth?: number;
  later?: 'tick' | 'microtask' | 'immediate' | 'turns';
}

/** Something that is done to a request, its response, socket, signal or agent. */
export interface Act {
  at: Moment;
  /** Whose method, and which: `req.write`. */
  do: string;
  chunk?: string;
  encoding?: string;
  /** Is it given a callback? */
  calls?: boolean;
  name?: string;
  count?: number;
  error?: boolean;
}

export interface Step {
  /** Turns of the event loop before it. */
  wait?: number;
  write?: string;
  end?: boolean;
  reset?: boolean;
}

/** What the server does when a request has come. */
export interface Answer {
  /** Does it wait for the content? */
  on: 'head' | 'whole';
  steps: Step[];
}

export interface RequestPlan {
  id: number;
  start: Moment;
  method: string;
  /** Whose socket it gets. */
  by: 'agent' | 'none' | 'default' | 'returned' | 'called' | 'late' | 'both' | 'failed' | 'thrown' | 'duplex';
  headers?: Record<string, string>;
  timeout?: number;
  signal?: 'given' | 'aborted';
  /** The name for TLS, where it is not the host's. */
  servername?: string;
  /** Does it not know the authority that signed the server's certificate? */
  distrusts?: boolean;
  /** Is the listener for 'response' given as the callback? */
  takesCallback?: boolean;
  watch: string[];
  getters: string[];
  acts: Act[];
  answer: Answer;
}

export interface AgentPlan {
  keepAlive?: boolean;
  maxSockets?: number;
  maxTotalSockets?: number;
  maxFreeSockets?: number;
  scheduling?: string;
  timeout?: number;
  keepAliveMsecs?: number;
  keeps?: 'never' | 'tells';
  creates?: 'tells' | 'late' | 'fails';
  reuses?: 'tells';
}

/** Only over TCP can a connection be reset. */
export type Transport = 'tcp' | 'pipe' | 'tls';

export interface ClientProgram {
  seed: number;
  transport: Transport;
  agent: AgentPlan;
  /** What the server does with connections when they come, in their order. */
  greetings?: Step[][];
  /** Turns before the server reads. */
  slow?: number;
  requests: RequestPlan[];
}

const NODE_MAJOR = Number(process.versions.node.split('.')[0]);
const isNewest = NODE_MAJOR >= 26;
/** From Node 24 on 'finish', and what comes with it, is otherwise in node:http (docs/deviations.md). */
const isNewer = NODE_MAJOR >= 24;

export const REQUEST_EVENTS = [
  ...['socket', 'finish', 'response', 'error', 'close', 'abort', 'timeout', 'continue', 'information'],
  ...['drain', 'upgrade', 'connect', 'prefinish'],
];
export const RESPONSE_EVENTS = [
  ...['data', 'end', 'close', 'error', 'aborted', 'readable', 'timeout', 'pause', 'resume'],
];
export const SOCKET_EVENTS = ['connect', 'close', 'end', 'error', 'free', 'agentRemove', 'timeout'];

export const REQUEST_GETTERS = [
  ...(isNewer ? [] : ['writableFinished']),
  ...['reusedSocket', 'writableEnded', 'writableLength', 'headersSent', 'finished'],
  ...['aborted', 'destroyed', 'closed', 'writable', 'writableNeedDrain', 'socket', 'res'],
  ...['shouldKeepAlive', 'upgradeOrConnect', 'timeout'],
];
export const RESPONSE_GETTERS = [
  ...['complete', 'aborted', 'destroyed', 'errored', 'readableEnded', 'readableFlowing'],
  ...['readableLength', 'readable', 'readableAborted', 'readableDidRead', 'socket', '_dumped', 'upgrade'],
  ...['readableEncoding', 'rawTrailers'],
];
export const SOCKET_GETTERS = ['destroyed', 'writableEnded', 'connecting', 'closed'];
export const AGENT_GETTERS = ['sockets', 'freeSockets', 'requests', 'totalSocketCount'];

/** A pipeline that fails aborts the request, which before Node 26 has its effect too late (docs/deviations.md). */
const SINKS = isNewest ? ['fast', 'slow', 'stuck', 'failing'] : ['fast', 'slow', 'stuck'];

const TEXT = ['a', 'hello', 'h\xe9llo', '', 'x'.repeat(100)];
const ASCII = ['a', 'hello', '', 'x'.repeat(100)];
/** Acts that may close the connection before the server does. */
const CLOSES = /destroy|abort|iterate|pipe|throw|socket\.|setTimeout/;

/** Some of them, each once, in their order. */
function some<T>(choices: Choices, values: readonly T[], times: number): T[] {
  return values.filter(() => choices.rarely(times));
}

/** The program of this seed. */
export function generateProgram(seed: number, overTls: boolean): ClientProgram {
  const choices = new Choices(seed);
  const count = choices.oneOf([1, 1, 2, 2, 3, 4]);
  const program: ClientProgram = {
    seed,
    transport: overTls ? 'tls' : choices.rarely(3) ? 'pipe' : 'tcp',
    agent: generateAgent(choices),
    requests: [],
  };
  for (let id = 0; id < count; id++) program.requests.push(generateRequest(choices, id, program));
  if (choices.rarely(12) && program.requests.every(({ answer }) => answer.steps.length < 2)) {
    program.greetings = Array.from({ length: 1 + choices.below(2) }, () =>
      choices.rarely(2) ? [] : [mishapStep(choices, program.transport)],
    );
  }
  if (choices.rarely(10)) program.slow = 1 + choices.below(10);
  return program;
}

function generateAgent(choices: Choices): AgentPlan {
  const agent: AgentPlan = {};
  if (!choices.rarely(4)) agent.keepAlive = true;
  if (choices.rarely(3)) agent.maxSockets = 1 + choices.below(2);
  if (choices.rarely(6)) agent.maxTotalSockets = 1 + choices.below(2);
  if (choices.rarely(6)) agent.maxFreeSockets = 1;
  if (choices.rarely(6)) agent.scheduling = choices.oneOf(['fifo', 'lifo']);
  if (choices.rarely(15)) agent.timeout = choices.oneOf([15, 1000]);
  if (choices.rarely(15)) agent.keepAliveMsecs = 5000;
  if (choices.rarely(12)) agent.keeps = choices.oneOf(['never', 'tells']);
  if (choices.rarely(15)) agent.creates = choices.oneOf(['tells', 'late', 'fails']);
  if (choices.rarely(12)) agent.reuses = 'tells';
  return agent;
}

function mishapStep(choices: Choices, transport: string): Step {
  const step: Step = { wait: choices.below(4) };
  switch (choices.below(transport === 'tcp' ? 4 : 3)) {
    case 0:
      step.end = true;
      break;
    case 1:
      step.write = choices.oneOf(INTERIM);
      break;
    case 2:
      step.write = choices.oneOf(MALFORMED);
      break;
    default:
      step.reset = true;
  }
  return step;
}

function generateRequest(choices: Choices, id: number, program: ClientProgram): RequestPlan {
  const drawn = choices.oneOf([
    'GET',
    'GET',
    'GET',
    'POST',
    'POST',
    'POST',
    'PUT',
    'HEAD',
    'DELETE',
    'CONNECT',
  ]);
  // The name for TLS is another then (docs/deviations.md).
  const method = drawn === 'CONNECT' && program.transport === 'tls' ? 'GET' : drawn;
  const upgrades = method === 'GET' && choices.rarely(10);
  const plan: RequestPlan = {
    id,
    start: { on: 'made' },
    method,
    by: choices.oneOf([
      ...(['agent', 'agent', 'agent', 'agent', 'agent', 'agent', 'agent', 'agent', 'agent', 'none'] as const),
      ...(['none', 'default', 'returned', 'called', 'late', 'both', 'failed', 'thrown', 'duplex'] as const),
    ]),
    watch: generateWatch(choices, upgrades || method === 'CONNECT'),
    getters: [
      ...some(choices, REQUEST_GETTERS, 4).map((name) => `req.${name}`),
      ...some(choices, RESPONSE_GETTERS, 4).map((name) => `res.${name}`),
      ...some(choices, SOCKET_GETTERS, 8).map((name) => `socket.${name}`),
      ...some(choices, AGENT_GETTERS, 4).map((name) => `agent.${name}`),
    ],
    acts: [],
    answer: { on: 'whole', steps: [] },
  };
  if (id > 0 && choices.rarely(2)) plan.start = generateMoment(choices, choices.below(id));
  const headers = generateHeaders(choices, method, upgrades);
  if (headers !== undefined) plan.headers = headers;
  // With node:http, who waits for a socket may get one with the time-out of another.
  const { maxSockets, maxTotalSockets } = program.agent;
  const waits = maxSockets !== undefined || maxTotalSockets !== undefined;
  if (choices.rarely(15) && !waits) plan.timeout = choices.oneOf([15, 15, 1000]);
  if (choices.rarely(10)) plan.signal = choices.oneOf(isNewer ? ['given', 'given', 'aborted'] : ['given']);
  if (program.transport === 'tls') {
    if (choices.rarely(4)) plan.servername = choices.oneOf(['first.test', 'localhost', 'other.test']);
    if (choices.rarely(15)) plan.distrusts = true;
  }
  if (choices.rarely(3)) plan.takesCallback = true;
  generateActs(choices, plan);
  if (plan.acts.some((act) => act.encoding === 'hex' || act.do.endsWith('From'))) {
    plan.getters = plan.getters.filter((getter) => getter !== 'req.writableLength');
  }
  // Content that ends with the connection is complete to node:http when the client itself closes that, a deviation.
  const mayEnd = !CLOSES.test(JSON.stringify(plan.acts));
  plan.answer = generateAnswer(choices, id, method, upgrades, program.transport, mayEnd);
  return plan;
}

function generateHeaders(
  choices: Choices,
  method: string,
  upgrades: boolean,
): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  if (method === 'CONNECT') headers.Host = 'a:1';
  if (upgrades) Object.assign(headers, { Connection: 'Upgrade', Upgrade: 'x' });
  else if (choices.rarely(8)) headers.Connection = choices.oneOf(['close', 'keep-alive']);
  if ((method === 'POST' || method === 'PUT') && choices.rarely(6)) headers.Expect = '100-continue';
  if ((method === 'DELETE' || method === 'POST') && choices.rarely(4))
    headers['Transfer-Encoding'] = 'chunked';
  if (choices.rarely(6)) headers['X-A'] = 'b';
  return Object.keys(headers).length > 0 ? headers : undefined;
}

function generateWatch(choices: Choices, switches: boolean): string[] {
  const watch = new Set<string>();
  if (!choices.rarely(12)) watch.add('req.error');
  if (!choices.rarely(4)) watch.add('req.close');
  if (!choices.rarely(4)) watch.add('req.response');
  if (switches && !choices.rarely(4)) watch.add('req.upgrade').add('req.connect');
  if (choices.rarely(2)) watch.add('res.error');
  for (const event of some(choices, REQUEST_EVENTS, 5)) watch.add(`req.${event}`);
  for (const event of some(choices, RESPONSE_EVENTS, 4)) watch.add(`res.${event}`);
  if (choices.rarely(2)) watch.add('res.data').add('res.end');
  for (const event of some(choices, SOCKET_EVENTS, 12)) watch.add(`socket.${event}`);
  return [...watch];
}

function generateMoment(choices: Choices, of?: number): Moment {
  const moment: Moment = {
    on: choices.oneOf([
      ...['made', 'made', 'made', 'req.socket', 'req.socket', 'req.response', 'req.response', 'req.response'],
      ...['res.data', 'res.data', 'res.end', 'res.end', 'res.close', 'req.finish', 'req.finish', 'req.close'],
      ...[
        'req.close',
        'req.error',
        'res.aborted',
        'res.error',
        'res.readable',
        'socket.connect',
        'socket.close',
      ],
      ...['req.drain', 'req.continue', 'req.information', 'req.timeout', 'req.abort', 'req.prefinish', 'cb'],
      ...['socket.free', 'req.upgrade', 'req.connect', 'socket.end', 'res.resume'],
    ]),
  };
  if (of !== undefined) moment.of = of;
  if (choices.rarely(6)) moment.nth = 2;
  if (choices.rarely(2)) {
    moment.later = choices.oneOf(['tick', 'tick', 'microtask', 'immediate', 'immediate', 'turns']);
  }
  return moment;
}

/** What most programs do, and a few things that they seldom do. */
function generateActs(choices: Choices, plan: RequestPlan): void {
  const { acts, method } = plan;
  const hasContent =
    method === 'POST' || method === 'PUT' || (method === 'DELETE' && plan.headers?.['Transfer-Encoding']);
  if (hasContent) {
    for (let count = choices.below(3); count > 0; count--) {
      acts.push(writeAct(choices, plan, choices.rarely(2) ? { on: 'made' } : generateMoment(choices)));
    }
    // Before Node 26, what is written between cork and end may follow the last chunk.
    if (isNewest && choices.rarely(4)) acts.push({ at: generateMoment(choices), do: 'req.cork' });
    if (isNewest && choices.rarely(4)) acts.push({ at: generateMoment(choices), do: 'req.uncork' });
    if (choices.rarely(15)) acts.push({ at: { on: 'made' }, do: 'req.pipeFrom' });
    if (choices.rarely(15)) acts.push({ at: { on: 'made' }, do: 'req.pipelineFrom', calls: true });
  }
  for (let count = choices.oneOf([0, 0, 1, 1, 2, 3]); count > 0; count--) acts.push(oddAct(choices, plan));
  if (choices.rarely(2)) acts.push(readAct(choices));
  if (!choices.rarely(12)) {
    const end: Act = { at: choices.rarely(3) ? generateMoment(choices) : { on: 'made' }, do: 'req.end' };
    if (hasContent && choices.rarely(2)) Object.assign(end, { chunk: choices.oneOf(ASCII) });
    if (choices.rarely(4) && !isNewer) end.calls = true;
    acts.push(end);
  }
}

function writeAct(choices: Choices, plan: RequestPlan, at: Moment): Act {
  const act: Act = {
    at,
    do: 'req.write',
    chunk: choices.oneOf(plan.getters.includes('req.writableLength') ? ASCII : TEXT),
  };
  if (choices.rarely(12)) act.chunk = 'x'.repeat(choices.oneOf([5000, 20_000, 100_000, 700_000]));
  if (choices.rarely(3)) act.calls = true;
  if (choices.rarely(3)) act.encoding = choices.oneOf(['latin1', 'utf8', 'buffer', 'hex']);
  if (act.encoding === 'hex') act.chunk = '616263';
  return act;
}

function readAct(choices: Choices): Act {
  const at: Moment = choices.rarely(4) ? generateMoment(choices) : { on: 'req.response' };
  if (choices.rarely(4)) at.later = choices.oneOf(['tick', 'microtask', 'immediate', 'turns']);
  const act: Act = {
    at,
    do: choices.oneOf([
      ...['res.resume', 'res.resume', 'res.iterate', 'res.pipe', 'res.pipeline', 'res.readAll', 'res.listen'],
    ]),
  };
  if (act.do === 'res.iterate' && choices.rarely(2)) act.count = 1 + choices.below(2);
  if (act.do === 'res.listen') act.name = choices.oneOf(RESPONSE_EVENTS);
  if (act.do === 'res.pipe' || act.do === 'res.pipeline') {
    act.name = choices.oneOf(SINKS);
  }
  return act;
}

function oddAct(choices: Choices, plan: RequestPlan): Act {
  const act: Act = {
    at: generateMoment(choices),
    do: choices.oneOf([
      ...['req.destroy', 'req.destroy', 'req.abort', 'req.setHeader', 'req.removeHeader', 'req.flushHeaders'],
      ...['req.setTimeout', 'req.setNoDelay', 'req.setSocketKeepAlive', 'req.addTrailers', 'req.end'],
      ...['req.finished', 'req.listen', 'req.unlisten', 'req.throw', 'req.clearTimeout'],
      ...[
        'res.destroy',
        'res.destroy',
        'res.pause',
        'res.resume',
        'res.read',
        'res.setEncoding',
        'res.unshift',
      ],
      ...['res.finished', 'res.unlisten', 'res.setTimeout', 'res.iterate', 'res.listen'],
      ...[
        'socket.destroy',
        'socket.destroy',
        'socket.end',
        'socket.pause',
        'socket.resume',
        'socket.setTimeout',
      ],
      ...['socket.listen', 'agent.destroy', 'signal.abort', 'signal.abort', 'req.getHeader'],
      ...['req.endTwice', 'res.pipe', 'res.pipeline'],
    ]),
  };
  if (/destroy$/.test(act.do) && choices.rarely(3)) act.error = true;
  if (/(?:finished|setTimeout)$/.test(act.do) && choices.rarely(2)) act.calls = true;
  if (/(?:endTwice|end)$/.test(act.do) && choices.rarely(2) && !isNewer) act.calls = true;
  if (act.do === 'req.listen' || act.do === 'req.unlisten') act.name = choices.oneOf(REQUEST_EVENTS);
  if (act.do === 'res.listen' || act.do === 'res.unlisten') act.name = choices.oneOf(RESPONSE_EVENTS);
  if (act.do === 'socket.listen') act.name = choices.oneOf([...SOCKET_EVENTS, 'data', 'readable', 'drain']);
  if (/pipe(?:line)?$/.test(act.do)) act.name = choices.oneOf(SINKS);
  if (/setTimeout$/.test(act.do)) act.count = choices.oneOf([0, 15, 15, 1000]);
  if (act.do === 'res.read') act.count = choices.below(4);
  if (act.do === 'res.setEncoding') act.encoding = choices.oneOf(['utf8', 'latin1', 'hex', 'base64']);
  if (act.do === 'req.throw' && !choices.rarely(4)) return { at: act.at, do: 'req.destroy' };
  // It would announce content that never comes.
  if (act.do === 'req.removeHeader') act.name = choices.oneOf(['x-a', 'connection', 'host']);
  if (act.do === 'signal.abort') plan.signal ??= 'given';
  // In the response's events node:http resumes it at the next look for more.
  if (act.do === 'socket.pause') act.at = { on: 'req.socket' };
  return act;
}
