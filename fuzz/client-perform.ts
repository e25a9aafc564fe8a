/** The acts of a program. */
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { finished, pipeline, Readable, Writable } from 'node:stream';
import type { Act } from './client-program.js';
import { shown } from './client-shown.js';

/** What an act has to do with. */
export interface Stage {
  /** The request's. */
  readonly name: string;
  readonly controller: AbortController;
  say(text: string): void;
  callback(what: string): (...args: unknown[]) => void;
  /** Tells what getters say by now. */
  look(): void;
}

/** Does it, to a request, a response, a socket or an agent. */
export function perform(
  stage: Stage,
  act: Act,
  object: ClientRequest & IncomingMessage & Socket & Agent,
): unknown {
  const method = act.do.slice(act.do.indexOf('.') + 1);
  const callback = act.calls ? stage.callback(act.do) : undefined;
  const error = act.error ? new Error('destroyed on purpose') : undefined;
  switch (method) {
    case 'write':
    case 'end': {
      const args: unknown[] = [];
      if (act.chunk !== undefined) {
        args.push(act.encoding === 'buffer' ? Buffer.from(act.chunk, 'latin1') : act.chunk);
        if (act.encoding !== undefined && act.encoding !== 'buffer') args.push(act.encoding);
      }
      if (callback !== undefined) args.push(callback);
      const result = Reflect.apply(object[method] as never, object, args);
      return method === 'write' ? result : undefined;
    }
    case 'endTwice':
      object.end();
      object.end(callback as never);
      return undefined;
    case 'setHeader':
      return void object.setHeader('X-B', 'c');
    case 'getHeader':
      return String(object.getHeader('host') === undefined);
    case 'removeHeader':
      return void object.removeHeader(act.name ?? 'x-a');
    case 'addTrailers':
      return void object.addTrailers({ 'X-T': 'v' });
    case 'destroy':
      return void object.destroy(error as never);
    case 'setTimeout':
      return void object.setTimeout(act.count ?? 0, callback as never);
    case 'clearTimeout':
      return void (object as unknown as { clearTimeout(): void }).clearTimeout();
    case 'finished':
      return void finished(object as never, callback ?? stage.callback(act.do));
    case 'listen':
      return void object.on(act.name as never, stage.callback(`${act.do} ${act.name}`));
    case 'unlisten':
      return void object.removeAllListeners(act.name as never);
    case 'abort':
      if (act.do === 'signal.abort') stage.controller.abort();
      else object.abort();
      return undefined;
    case 'pipeFrom':
      return void Readable.from(['from ', 'a stream']).pipe(object as never);
    case 'pipelineFrom':
      return void pipeline(Readable.from(['from ', 'a stream']), object as never, stage.callback(act.do));
    case 'setEncoding':
      return void object.setEncoding(act.encoding as BufferEncoding);
    case 'read':
      return shown(object.read(act.count || undefined));
    case 'readAll':
      object.on('readable', () => {
        for (let chunk = object.read(); chunk !== null; chunk = object.read())
          stage.say(`${stage.name} read ${shown(chunk)}`);
      });
      return undefined;
    case 'unshift':
      return void object.unshift(Buffer.from('un') as never);
    case 'iterate':
      return void iterate(stage, object, act.count ?? Number.POSITIVE_INFINITY);
    case 'pipe':
      return void object.pipe(sinkOf(stage, act.name));
    case 'pipeline':
      return void pipeline(object as Readable, sinkOf(stage, act.name), stage.callback(act.do));
    default:
      return void (object as unknown as Record<string, () => void>)[method]();
  }
}

async function iterate(stage: Stage, res: IncomingMessage, most: number): Promise<void> {
  const { name } = stage;
  let left = most;
  try {
    for await (const chunk of res) {
      stage.say(`${name} iterates ${shown(chunk)}`);
      if (--left === 0) break;
    }
    stage.say(`${name} has iterated`);
  } catch (error) {
    stage.say(`${name} iterates to ${shown(error)}`);
  }
  stage.look();
}

function sinkOf(stage: Stage, kind: string | undefined): Writable {
  let count = 0;
  const sink = new Writable({
    highWaterMark: 100,
    write: (chunk, _encoding, done) => {
      stage.say(`${stage.name} sink ${shown(chunk)}`);
      if (kind === 'slow') setImmediate(done);
      else if (kind === 'failing' && ++count === 1) done(new Error('the sink fails'));
      else if (kind !== 'stuck') done();
    },
  });
  sink.on('error', (error) => stage.say(`${stage.name} sink ${shown(error)}`));
  sink.on('finish', () => stage.say(`${stage.name} sink finish`));
  return sink;
}
