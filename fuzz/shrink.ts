/** Makes a program that is plain data smaller, as long as it is still of interest. */

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Is the smaller one of interest? */
export type Judge<T> = (candidate: T) => Promise<boolean>;

/**
 * Takes away members of lists and of objects, and halves numbers, until nothing more can go, or so many candidates were
 * tried.
 */
export async function shrink<T extends object>(
  program: T,
  needed: ReadonlySet<string>,
  judge: Judge<T>,
  tries: number,
): Promise<T> {
  let best = structuredClone(program) as Json;
  let left = tries;
  // From where the last change was: what is before it was tried.
  let from = 0;
  for (let untried = -1; left > 0; ) {
    const changes = changesOf(best, needed);
    if (untried < 0) untried = changes.length;
    let at = from;
    for (; untried > 0 && left > 0; at++, untried--) {
      const candidate = structuredClone(best) as Json;
      if (!changes[at % changes.length](candidate)) continue;
      left--;
      if (await judge(candidate as T)) {
        best = candidate;
        break;
      }
    }
    if (untried <= 0) break;
    from = at;
    untried = -1;
  }
  return best as T;
}

type Change = (program: Json) => boolean;

/** Everything that may be tried, the largest pieces first. */
function changesOf(program: Json, needed: ReadonlySet<string>): Change[] {
  const changes: { depth: number; change: Change }[] = [];
  const visit = (value: Json, path: readonly (string | number)[]) => {
    if (value === null || typeof value !== 'object') {
      if (typeof value === 'number' && value > 1)
        changes.push({ depth: 99, change: at(path, (old) => Math.floor((old as number) / 2)) });
      if (typeof value === 'string' && value.length > 200) {
        changes.push({
          depth: 98,
          change: at(path, (old) => (old as string).slice(0, (old as string).length >> 1)),
        });
      }
      return;
    }
    for (const name of Object.keys(value)) {
      const key = Array.isArray(value) ? Number(name) : name;
      const member = [...path, key];
      if (!needed.has(name)) changes.push({ depth: member.length, change: without(member) });
      visit((value as Record<string | number, Json>)[key], member);
    }
    // One step in place of two.
    if (Array.isArray(value)) {
      for (let i = 0; i + 1 < value.length; i++)
        changes.push({ depth: path.length + 2, change: joined(path, i) });
    }
  };
  visit(program, []);
  return changes.sort((a, b) => a.depth - b.depth).map(({ change }) => change);
}

function holderOf(program: Json, path: readonly (string | number)[]): Record<string | number, Json> {
  let holder = program as Record<string | number, Json>;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string | number, Json>;
  return holder;
}

function without(path: readonly (string | number)[]): Change {
  return (program) => {
    const holder = holderOf(program, path);
    const key = path.at(-1) as string | number;
    if (Array.isArray(holder)) holder.splice(key as number, 1);
    else delete holder[key];
    return true;
  };
}

function at(path: readonly (string | number)[], change: (old: Json) => Json): Change {
  return (program) => {
    const holder = holderOf(program, path);
    const key = path.at(-1) as string | number;
    holder[key] = change(holder[key]);
    return true;
  };
}

function joined(path: readonly (string | number)[], i: number): Change {
  return (program) => {
    let list = program;
    for (const key of path) list = (list as Record<string | number, Json>)[key];
    const [first, second] = (list as { write?: string }[]).slice(i, i + 2);
    if (typeof first?.write !== 'string' || typeof second?.write !== 'string') return false;
    (list as Json[]).splice(i, 2, { ...first, write: first.write + second.write } as Json);
    return true;
  };
}
