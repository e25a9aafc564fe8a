/** `npm run bench`: see README.md in this folder. */
import { mkdirSync } from 'node:fs';
import type { ScenarioResult } from './figures.js';
import { HOW_TO_GET_WRK, wrkVersion } from './load/wrk.js';
import { measure } from './measure.js';
import { fitOpenFiles } from './open-files.js';
import { type Options, readOptions, USAGE } from './options.js';
import { conditions, markdown, scenarioText, targetsText } from './report.js';
import { soak } from './soak.js';
import { takingPart } from './subjects.js';

async function main(args: string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  if (options.router) {
    // Loaded where it is asked for: only then must its peers be there.
    const { benchRouters, routerText } = await import('./router/run.js');
    console.log(routerText(benchRouters(options.rounds, progress), options.markdown));
    return 0;
  }
  const needsWrk = options.soak || options.scenarios.some(({ load }) => load === 'wrk');
  if (needsWrk && wrkVersion() === undefined) {
    console.error(HOW_TO_GET_WRK);
    return 1;
  }
  if (options.profileFolder !== undefined) mkdirSync(options.profileFolder, { recursive: true });
  try {
    return await (options.soak ? soakAll(options) : compare(options));
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

async function soakAll(options: Options): Promise<number> {
  let kept = true;
  for (const subject of options.subjects) {
    kept = (await soak(subject, options, (line) => console.log(line))) && kept;
  }
  return kept ? 0 : 1;
}

async function compare(options: Options): Promise<number> {
  if (!options.markdown) console.log(conditions(options).join('\n'));
  const results: ScenarioResult[] = [];
  for (const scenario of options.scenarios) {
    if (takingPart(options.subjects, scenario).length === 0) continue;
    const result = await measure(fitOpenFiles(scenario, progress), { ...options, onProgress: progress });
    results.push(result);
    if (!options.markdown) console.log(scenarioText(result));
  }
  console.log(options.markdown ? markdown(results, options) : targetsText(results));
  return 0;
}

/** Progress goes to stderr, so that the result can be sent to a file. */
function progress(line: string): void {
  console.error(`  … ${line}`);
}

process.exitCode = await main(process.argv.slice(2));
