/** Plays a program of a client on node:http or on ours, and tells what happened, a line each. */
import type { EventEmitter } from 'node:events';
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Subject } from '../test/differential/subjects.js';
import { isDeviation } from './client-known.js';
import { perform, type Stage } from './client-perform.js';
import { type Player, playerOf } from './client-player.js';
import type { Act, AgentPlan, ClientProgram, Moment } from './client-program.js';
import { countsOf, poolsOf, shown } from './client-shown.js';
import type { Site } from './client-site.js';
import { connectionOf, override, placeOf } from './client-sockets.js';
import { turns } from './mishap.js';

type Later = (act: () => void) => void;

const LATER: Record<string, Later> = {
  tick: (act) => process.nextTick(act),
  microtask: (act) => queueMicrotask(act),
  immediate: (act) => setImmediate(act),
  turns: (act) => void turns(4).then(act),
};

/** Acts that are due in a moment. */
interface Due {
  readonly player: Player;
  readonly act: Act | null;
  readonly moment: Moment;
}

export interface Trace {
  /** What happened, in order. */
  lines: string[];
  /** What must not be, whatever node:http does. */
  broken: string[];
}

const QUIET_TURNS = 14;
const MAX_TURNS = 3000;

export class Run {
  readonly lines: string[] = [];
  readonly broken: string[] = [];
  private readonly http: Pick<Subject['http'], 'request' | 'Agent' | 'globalAgent'>;
  private readonly program: ClientProgram;
  private readonly site: Site;
  private readonly players: Player[];
  private readonly agent: Agent;
  private readonly agents: Agent[] = [];
  private isOver = false;
  private callbacks = 0;

  constructor({ http, https }: Subject, program: ClientProgram, site: Site) {
    this.http = program.transport === 'tls' ? (https as unknown as typeof http) : http;
    this.program = program;
    this.site = site;
    this.players = program.requests.map(playerOf);
    this.agent = this.makeAgent(program.agent);
  }

  /** What nobody caught. */
  readonly uncaught = (error: unknown): void => {
    this.say('uncaught', shown(error));
  };

  async play(): Promise<Trace> {
    const { site, program } = this;
    site.begin(program);
    process.on('uncaughtException', this.uncaught);
    process.on('unhandledRejection', this.uncaught);
    try {
      await turns(1);
      for (const player of this.players) {
        const { start } = player.plan;
        const starter = this.players.find(({ plan }) => plan.id === start.of);
        // In a tick of its own: what throws there is nobody else's.
        if (starter === undefined || start.on === 'made')
          setImmediate(() => this.later(start, () => this.start(player)));
      }
      await this.rest();
      this.say('rest');
      this.summarize();
      const resting = this.lines.length;
      let isComparable = true;
      for (const player of this.players) {
        if (player.req === null || player.hasClosed) continue;
        if (isDeviation(player, 'req.destroy')) isComparable = false;
        this.say(`${player.name} is destroyed at the end`);
        player.req.destroy();
      }
      await this.rest();
      if (isComparable) {
        this.say('end');
        this.summarize();
        this.lines.push(...site.report);
      } else {
        this.lines.length = resting;
      }
      await this.close();
    } finally {
      process.off('uncaughtException', this.uncaught);
      process.off('unhandledRejection', this.uncaught);
    }
    return { lines: this.lines, broken: this.broken };
  }

  /** Everything is given up, and must be gone then. */
  private async close(): Promise<void> {
    this.isOver = true;
    for (const agent of this.agents) agent.destroy();
    await this.site.end();
    await turns(6);
    for (const agent of this.agents) agent.destroy();
    await turns(6);
    for (const agent of this.agents) {
      const left = poolsOf(agent);
      const count = Reflect.get(agent, 'totalSocketCount');
      if (left !== '' || count !== 0) this.broken.push(`left in the agent: ${left} ${count}`);
    }
    for (const { req, hasClosed, name, counts } of this.players) {
      if (req !== null && !hasClosed && !counts.has('thrown')) this.broken.push(`${name} has not closed`);
    }
  }

  /** Waits until nothing happens any more. */
  private async rest(): Promise<void> {
    const longest = this.longestTimer();
    const deadline = performance.now() + longest;
    let count = -1;
    let quiet = 0;
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      await turns(1);
      if (count !== this.lines.length || this.site.pending > 0) {
        count = this.lines.length;
        quiet = 0;
      } else if (++quiet >= QUIET_TURNS) {
        if (performance.now() >= deadline) return;
        await new Promise((resolve) => setTimeout(resolve, 5));
        quiet = 0;
      }
    }
  }

  private longestTimer(): number {
    const times = [this.program.agent.timeout ?? 0];
    for (const { timeout, acts } of this.program.requests) {
      times.push(timeout ?? 0);
      for (const act of acts) if (act.do.endsWith('setTimeout')) times.push(act.count ?? 0);
    }
    const longest = Math.max(...times.filter((time) => time < 500));
    return longest > 0 ? longest + 30 : 0;
  }

  private summarize(): void {
    for (const player of this.players) {
      const { req, res } = player;
      if (req === null) continue;
      const of = res === null ? '' : ` res ${res.complete} ${res.aborted}`;
      this.say(`${player.name} req ${req.destroyed} ${req.reusedSocket}${of}`);
    }
    this.say(`pools: ${poolsOf(this.agent)}`);
  }

  say(...words: string[]): void {
    if (!this.isOver) this.lines.push(words.join(' '));
  }

  /** Tells what a request's getters say, where that is something else than before. */
  private tellGetters(player: Player): void {
    if (this.isOver) return;
    const changes: string[] = [];
    for (const getter of player.plan.getters) {
      const [owner, name] = getter.split('.');
      const value = this.read(player, owner, name);
      if (player.told.get(getter) === value) continue;
      player.told.set(getter, value);
      changes.push(`${getter}=${value}`);
    }
    if (changes.length > 0) this.say(`  ${player.name} ${changes.join(' ')}`);
  }

  private read(player: Player, owner: string, name: string): string {
    if (owner === 'agent') {
      const value = Reflect.get(this.agent, name);
      return typeof value === 'number' ? String(value) : countsOf(value as Record<string, unknown[]>);
    }
    const object = owner === 'req' ? player.req : owner === 'res' ? player.res : player.socket;
    if (object === null) return 'none';
    return shown(Reflect.get(object, name));
  }

  // Moments.

  /** A moment has come: what is due is done. */
  private comes(player: Player, on: string, say?: string): void {
    if (say !== undefined) {
      this.say(say);
      this.tellGetters(player);
    }
    const nth = (player.counts.get(on) ?? 0) + 1;
    player.counts.set(on, nth);
    for (const due of this.dueOn(player, on)) {
      if ((due.moment.nth ?? 1) !== nth) continue;
      const { act } = due;
      if (act === null) this.later(due.moment, () => this.start(due.player));
      else if (!this.isOver) this.later(due.moment, () => this.act(due.player, act));
    }
  }

  private dueOn(player: Player, on: string): Due[] {
    const due: Due[] = [];
    for (const other of this.players) {
      for (const act of other.plan.acts) {
        const of = act.at.of ?? other.plan.id;
        if (of === player.plan.id && act.at.on === on) due.push({ player: other, act, moment: act.at });
      }
      const { start } = other.plan;
      if (start.of === player.plan.id && start.on === on && on !== 'made') {
        due.push({ player: other, act: null, moment: start });
      }
    }
    return due;
  }

  private later(moment: Moment, act: () => void): void {
    const guarded = () => {
      if (!this.isOver) act();
    };
    if (moment.later === undefined) guarded();
    else LATER[moment.later](guarded);
  }

  /** The events of such an object that somebody waits for. */
  private heard(player: Player, owner: string): string[] {
    const events = new Set(player.plan.watch.filter((name) => name.startsWith(owner)));
    for (const other of this.players) {
      for (const { at } of [{ at: other.plan.start }, ...other.plan.acts]) {
        if ((at.of ?? other.plan.id) === player.plan.id && at.on.startsWith(owner)) events.add(at.on);
      }
    }
    return [...events];
  }

  private hear(player: Player, owner: string, emitter: EventEmitter, except: readonly string[] = []): void {
    for (const moment of this.heard(player, `${owner}.`)) {
      const event = moment.slice(owner.length + 1);
      if (except.includes(event)) continue;
      emitter.on(event, (...args: unknown[]) => {
        this.comes(
          player,
          moment,
          `${player.name} ${owner} ${event}${args.map((arg) => ` ${shown(arg)}`).join('')}`,
        );
      });
    }
  }

  private stageOf(player: Player): Stage {
    return {
      name: player.name,
      controller: player.controller,
      say: (text) => this.say(text),
      callback: (what) => this.callback(player, what),
      look: () => this.tellGetters(player),
    };
  }

  private callback(player: Player, what: string): (...args: unknown[]) => void {
    const number = ++this.callbacks;
    let times = 0;
    return (...args: unknown[]) => {
      if (++times === 2 && !this.isOver) this.broken.push(`${what} called back twice`);
      this.comes(
        player,
        'cb',
        `${player.name} callback ${number} of ${what}${args.map((arg) => ` ${shown(arg)}`).join('')}`,
      );
    };
  }

  // Requests.

  private start(player: Player): void {
    const { plan, name } = player;
    if (player.req !== null) return;
    const { program, site } = this;
    const options: RequestOptions = {
      method: plan.method,
      path: plan.method === 'CONNECT' ? `a:${plan.id}` : `/${plan.id}`,
      headers: plan.headers,
      ...placeOf(program, plan, site),
    };
    if (plan.timeout !== undefined) options.timeout = plan.timeout;
    if (plan.signal !== undefined) {
      if (plan.signal === 'aborted') player.controller.abort();
      options.signal = player.controller.signal;
    }
    this.chooseSocket(player, options);
    const onResponse = (res: IncomingMessage) => this.takeResponse(player, res);
    const hearsResponse =
      this.heard(player, 'req.').includes('req.response') || this.heard(player, 'res.').length > 0;
    try {
      const req =
        hearsResponse && plan.takesCallback
          ? this.http.request(options, onResponse)
          : this.http.request(options);
      player.req = req;
      if (hearsResponse && !plan.takesCallback) req.on('response', onResponse);
      this.observe(player, req);
      this.hear(player, 'req', req, ['response', 'upgrade', 'connect']);
      for (const event of ['upgrade', 'connect'] as const) {
        if (!this.heard(player, 'req.').includes(`req.${event}`)) continue;
        req.on(event, (res: IncomingMessage, socket: Duplex, head: Buffer) => {
          player.res = res;
          this.say(`${name} req ${event} ${res.statusCode} ${shown(head)}`);
          socket.on('error', () => {}).on('data', (data) => this.say(`${name} tunnel ${shown(data)}`));
          socket.on('end', () => this.say(`${name} tunnel end`));
          this.comes(player, `req.${event}`);
        });
      }
      if (this.heard(player, 'socket.').length > 0) {
        req.on('socket', (socket) => this.takeSocket(player, socket));
      }
    } catch (error) {
      this.say(`${name} is not made: ${shown(error)}`);
      return;
    }
    this.comes(player, 'made', `${name} is made`);
  }

  /** Without a listener: whether a request closes is to be known where nobody listens too. */
  private observe(player: Player, req: ClientRequest): void {
    if (player.plan.watch.includes('req.close')) {
      req.on('close', () => {
        if (player.hasClosed) this.broken.push(`${player.name} closed twice`);
        player.hasClosed = true;
      });
    } else {
      const timer = () => Boolean(Reflect.get(req, '_closed') || req.closed);
      Object.defineProperty(player, 'hasClosed', { get: timer, set() {}, configurable: true });
    }
  }

  private takeResponse(player: Player, res: IncomingMessage): void {
    player.res = res;
    if (!player.responses.has(res)) {
      player.responses.add(res);
      this.hear(player, 'res', res);
    }
    this.comes(player, 'req.response', `${player.name} req response ${res.statusCode}`);
  }

  private takeSocket(player: Player, socket: Socket): void {
    player.socket = socket;
    if (player.sockets.has(socket)) return;
    player.sockets.add(socket);
    this.hear(player, 'socket', socket);
  }

  private chooseSocket(player: Player, options: RequestOptions): void {
    const { by } = player.plan;
    if (by === 'agent') {
      options.agent = this.agent;
      return;
    }
    if (by === 'none' || by === 'default') {
      options.agent = by === 'none' ? false : undefined;
      if (by === 'default')
        this.agents.includes(this.http.globalAgent) || this.agents.push(this.http.globalAgent);
      return;
    }
    options.agent = false;
    options.createConnection = connectionOf(by, () => this.say(`${player.name} connects`));
  }

  private makeAgent(plan: AgentPlan): Agent {
    const { keeps: _keeps, creates: _creates, reuses: _reuses, ...options } = plan;
    const agent = new this.http.Agent(options as never);
    this.agents.push(agent);
    override(agent, plan, (word) => this.say(`agent ${word}`));
    return agent;
  }

  // Acts.

  private act(player: Player, act: Act): void {
    const { name } = player;
    const [owner] = act.do.split('.');
    player.res ??= (Reflect.get(player.req ?? {}, 'res') as IncomingMessage | null | undefined) ?? null;
    const object =
      owner === 'req'
        ? player.req
        : owner === 'res'
          ? player.res
          : owner === 'socket'
            ? player.req?.socket
            : this.agent;
    if (!object) {
      this.say(`${name} has no ${owner} for ${act.do}`);
      return;
    }
    if (act.do === 'req.throw') {
      player.counts.set('thrown', 1);
      this.say(`${name} throws`);
      throw new Error('thrown on purpose');
    }
    if (isDeviation(player, act.do)) return;
    this.say(`${name} ${act.do}`);
    try {
      const result = perform(this.stageOf(player), act, object as never);
      if (typeof result === 'boolean' || typeof result === 'string')
        this.say(`${name} ${act.do} returns ${result}`);
    } catch (error) {
      this.say(`${name} ${act.do} throws ${shown(error)}`);
    }
    this.tellGetters(player);
  }
}
