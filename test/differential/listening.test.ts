// Messages whose content comes with their head, read by listeners: with them, and with whoever comes between.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientScene } from './client-scene.js';
import { differ } from './differ.js';
import {
  acts,
  allReaders,
  type Cell,
  cellsOfAct,
  cellsOfReader,
  readers,
  type Side,
  watch,
} from './listening.js';

/**
 * What a message makes of it as in all releases of node:http. To the others, as to who pauses, it matters that node:http
 * hands content on before it knows that it is all there is.
 */
const some = [
  ...['nothing', 'pause and resume', 'resume', 'hear data too', 'hear data once', 'hear the end too'],
  ...[
    'change listeners',
    'hear data no more',
    'hear data no more, one by one',
    'gather it',
    'wait for its end',
  ],
  ...['destroy with an error', 'destroy its socket', 'see it destroyed', 'see it closed', 'end the exchange'],
  ...['dump', 'take what is read'],
];

async function serve(scene: ClientScene, cells: readonly Cell[]): Promise<void> {
  let handle: (req: IncomingMessage, res: ServerResponse) => Promise<void> = async () => {};
  const server = await scene.serve((req, res) => {
    void handle(req, res).then(() => res.writableEnded || res.end('ok'));
  });
  for (const cell of cells) {
    scene.log(`- ${cell.label}`);
    const isSeen = new Promise<void>((resolve) => {
      handle = async (req) => {
        await watch(req, cell, scene.log);
        resolve();
      };
    });
    const client = scene.connect(server);
    await client.send(cell.content);
    await isSeen;
    client.end();
    await client.closed();
  }
}

async function fetch(scene: ClientScene, cells: readonly Cell[]): Promise<void> {
  for (const cell of cells) {
    scene.log(`- ${cell.label}`);
    const origin = await scene.origin(cell.content);
    const agent = scene.agent({ keepAlive: true });
    agent.on('free', () => scene.log('free'));
    const req = scene.http.get({ host: '127.0.0.1', port: origin.port, agent });
    req.on('error', (error) => scene.log('request error', error));
    req.on('close', () => scene.log('request close'));
    await new Promise<void>((resolve) => {
      req.on('response', (res) => void watch(res, cell, scene.log).then(resolve));
    });
    req.destroy();
  }
}

const [reader] = Object.entries(readers).slice(1);
const oneReader = Object.fromEntries([reader]);

for (const side of ['request', 'response'] as Side[]) {
  const run = side === 'request' ? serve : fetch;
  for (const [reader, read] of Object.entries(allReaders)) {
    if (reader.includes('readable')) continue;
    differ(`a ${side} with content of all kinds, read by: ${reader}`, (scene) =>
      run(scene, cellsOfReader(side, read)),
    );
  }
  for (const name of some) {
    differ(`a ${side} that is listened to, by who comes to: ${name}`, (scene) =>
      run(scene, cellsOfAct(side, acts[name], oneReader)),
    );
  }
}
