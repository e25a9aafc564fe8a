// Preloaded behind barewire/register, or alone: tells whose http the application will see.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
// A variable specifier: loaded at run time, whatever there is.
const product: string = 'barewire/http';
const barewire = (await import(product)) as { createServer: unknown };
const { createServer } = require('node:http') as { createServer: unknown };
process.send?.({ isBarewire: createServer === barewire.createServer });
