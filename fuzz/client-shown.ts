/** What is seen of a program, as text. */
import type { Agent } from 'node:http';

/** How many there are of each name. */
export function countsOf(pool: Record<string, unknown[]>): string {
  return JSON.stringify(Object.values(pool).map((members) => members.length));
}

/** What an agent has. */
export function poolsOf(agent: Agent): string {
  const { sockets, freeSockets, requests } = agent;
  return [sockets, freeSockets, requests]
    .map((pool, i) =>
      Object.keys(pool).length === 0 ? '' : `${['in use', 'free', 'waiting'][i]} ${countsOf(pool as never)}`,
    )
    .filter((text) => text !== '')
    .join(', ');
}

/** A value as one short word or line. */
export function shown(value: unknown): string {
  if (value instanceof Error) {
    const { code } = value as NodeJS.ErrnoException;
    return `${code ?? value.name}: ${value.message}`.replace(
      /127\.0\.0\.1:\d+|\/\S*client-acts\S*/g,
      '<server>',
    );
  }
  if (Buffer.isBuffer(value)) return `<${brief(value.toString('latin1'))}>`;
  if (typeof value === 'string') return brief(value);
  if (Array.isArray(value)) return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) {
    return 'statusCode' in value ? String(value.statusCode) : 'object';
  }
  return String(value);
}

/** Text as one short line. */
export function brief(text: string): string {
  const line = JSON.stringify(
    text.replace(/(.)\1{19,}/g, (run, character) => `<${run.length} ${character}>`),
  );
  return line.length > 600 ? `${line.slice(0, 600)}... ${line.length}` : line;
}
