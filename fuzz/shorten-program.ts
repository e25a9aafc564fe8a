/** Makes programs shorter. */
import type { Act, Program } from './server-program.js';

/** Every list of acts in the program, outer ones first. */
function lists(program: Program): Act[][] {
  const found: Act[][] = [];
  const visit = (acts: Act[]) => {
    found.push(acts);
    for (const act of acts) if ('acts' in act && act.acts) visit(act.acts);
  };
  program.handlers.forEach(visit);
  return found;
}

/** Programs with a little less in them. */
function* shorter(program: Program): Generator<Program> {
  const changed = (change: (copy: Program) => void): Program => {
    const copy = structuredClone(program);
    change(copy);
    return copy;
  };
  if (program.handlers.length > 1) yield changed((copy) => copy.handlers.pop());
  for (const [n, handler] of program.handlers.entries()) {
    if (handler.length > 1) yield changed((copy) => (copy.handlers[n] = []));
  }
  for (const [at, step] of program.steps.entries()) {
    yield changed((copy) => copy.steps.splice(at, 1));
    const later = program.steps[at + 2];
    if (later !== undefined && 'send' in step && 'send' in later) {
      yield changed((copy) => copy.steps.splice(at, 3, { send: step.send + later.send }));
    }
  }
  const all = lists(program);
  for (const [n, acts] of all.entries()) {
    for (const [at, act] of acts.entries()) {
      yield changed((copy) => lists(copy)[n].splice(at, 1));
      if ('acts' in act && act.acts) {
        const inner = act.acts;
        if (act.do !== 'call') yield changed((copy) => lists(copy)[n].splice(at, 1, ...inner));
        else
          yield changed((copy) => {
            delete (lists(copy)[n][at] as { acts?: Act[] }).acts;
          });
      }
      if (act.do === 'listen' && act.how !== 'on') {
        yield changed((copy) => ((lists(copy)[n][at] as { how: string }).how = 'on'));
      }
      if (act.do === 'later' && act.how !== 'tick') {
        yield changed((copy) => ((lists(copy)[n][at] as { how: string }).how = 'tick'));
      }
      if (act.do === 'call' && act.args.length > 0) {
        yield changed((copy) => (lists(copy)[n][at] as { args: unknown[] }).args.pop());
      }
    }
  }
  for (const at of program.serverEvents.keys()) yield changed((copy) => copy.serverEvents.splice(at, 1));
  if (Object.keys(program.server).length > 0) yield changed((copy) => (copy.server = {}));
  if (program.looks) yield changed((copy) => (copy.looks = false));
}

/** Takes away what is not needed for it to hold. */
export async function shorten(
  program: Program,
  holds: (program: Program) => Promise<boolean>,
  most: number,
): Promise<Program> {
  let shortest = program;
  let left = most;
  for (let isShorter = true; isShorter; ) {
    isShorter = false;
    for (const candidate of shorter(shortest)) {
      if (left-- <= 0) return shortest;
      if (!(await holds(candidate))) continue;
      shortest = candidate;
      isShorter = true;
      break;
    }
  }
  return shortest;
}
