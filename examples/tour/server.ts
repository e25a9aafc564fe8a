import type { AddressInfo } from 'node:net';
import { createServer } from 'barewire/http';
import { endSamples } from './handlers/memory.js';
import { route } from './routes.js';
import { endOnSignals } from './shutdown.js';

const port = Number(process.env.PORT || 3000);
// Only this machine reaches 127.0.0.1; HOST=0.0.0.0 opens the tour to the network.
const host = process.env.HOST || '127.0.0.1';

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

if (!Number.isInteger(port) || port < 0 || port > 65535) {
  fail(`PORT must be a number from 0 to 65535, not ${JSON.stringify(process.env.PORT)}.`);
}

const server = createServer(route);
server.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EADDRINUSE') fail(`Port ${port} is in use. Take another: PORT=${port + 1} npm start`);
  fail(`Cannot listen on ${host}, port ${port}: ${error.message}`);
});
endOnSignals(server, endSamples);
server.listen(port, host, () => {
  const { address, family, port: chosen } = server.address() as AddressInfo;
  const name = family === 'IPv6' ? `[${address}]` : address;
  const everywhere = address === '0.0.0.0' || address === '::';
  console.log(
    `Listening on http://${everywhere ? 'localhost' : name}:${chosen}/${everywhere ? ' (every interface)' : ''}`,
  );
});
