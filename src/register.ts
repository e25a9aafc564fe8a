/**
 * `node --import barewire/register app.js`: node:http and node:https become barewire's own, for everything that is
 * loaded after this module. `BAREWIRE=off` leaves them as they are.
 */
import { syncBuiltinESMExports } from 'node:module';
import { invalidArgValue } from './errors.js';
import { keepStockSetter } from './http/global-agents.js';
import http from './http/http.js';
import https from './http/https.js';
import { kRegistered } from './http/symbols.js';
import { foreignServers, type MessageSymbols } from './register/foreign-servers.js';
import { replaceExports } from './register/replace.js';

type Replacement = readonly [builtin: string, ours: object, names?: readonly string[]];

/** Whose exports take the place of which builtin's, and which of them where it is not all. */
function replacements(): Replacement[] {
  const { kIncomingMessage } = process.getBuiltinModule('_http_common') as MessageSymbols;
  const { kServerResponse } = process.getBuiltinModule('_http_server') as MessageSymbols;
  const forAnyServer = foreignServers({ kIncomingMessage, kServerResponse });
  return [
    ['http', http],
    ['http', forAnyServer, ['_connectionListener']],
    ['https', https],
    ['_http_agent', http, ['Agent', 'globalAgent']],
    ['_http_client', http, ['ClientRequest']],
    ['_http_incoming', http, ['IncomingMessage']],
    ['_http_outgoing', http, ['OutgoingMessage', 'validateHeaderName', 'validateHeaderValue']],
    ['_http_server', http, ['STATUS_CODES', 'Server', 'ServerResponse']],
    ['_http_server', forAnyServer],
  ];
}

function isSwitchedOn(): boolean {
  const value = process.env.BAREWIRE ?? '';
  if (!['', 'on', 'off'].includes(value)) {
    throw invalidArgValue('process.env.BAREWIRE', value, "must be one of: 'on', 'off'");
  }
  return value !== 'off';
}

function register(): void {
  // Not by import: the facade that Node makes for it reads every export, `WebSocket` among them, and so loads undici.
  const stock = process.getBuiltinModule('http') as { ServerResponse: unknown };
  // Of several copies of barewire in a process, the first one that is loaded has its way.
  if (kRegistered in stock) return;
  Object.defineProperty(stock, kRegistered, { value: { ServerResponse: stock.ServerResponse } });
  keepStockSetter(stock);
  // Builtins that are loaded later, http2 among them, take what they need from the exports as they are then. https
  // is loaded before: what is left of it works with what is left of http.
  process.getBuiltinModule('https');
  // Some releases warn who loads `_http_*`. That is for the application's own code, not for us.
  const { noDeprecation } = process;
  process.noDeprecation = true;
  try {
    for (const [builtin, ours, names] of replacements()) {
      replaceExports(process.getBuiltinModule(builtin) as object, ours, names);
    }
  } finally {
    process.noDeprecation = noDeprecation;
  }
  syncBuiltinESMExports();
}

if (isSwitchedOn()) register();
