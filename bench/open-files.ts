import type { Scenario } from './scenarios.js';

/** What a process has open besides the connections under measurement. */
const OTHER_FILES = 100;

/** How many files (sockets among them) a process may have open here: Node has raised it as far as it may. */
function openFileLimit(): number {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft: number | string } } };
  const limit = report.userLimits?.open_files?.soft;
  return typeof limit === 'number' ? limit : Number.POSITIVE_INFINITY;
}

/** The scenario with as many connections as this machine lets a process have, and a word about it if fewer. */
export function fitOpenFiles(scenario: Scenario, warn: (line: string) => void): Scenario {
  const possible = Math.max(1, openFileLimit() - OTHER_FILES);
  if (scenario.connections === undefined || scenario.connections <= possible) return scenario;
  warn(
    `${scenario.name}: a process may open only ${possible + OTHER_FILES} files here (ulimit -n), ` +
      `so ${possible} connections are made instead of ${scenario.connections}`,
  );
  return { ...scenario, connections: possible, title: scenario.title.replace('10,000', String(possible)) };
}
