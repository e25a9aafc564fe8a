/** The certificate of the servers under measurement: the tests' own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// Not compiled: it stays where it is, seen from build/bench.
const folder = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'tls');

export const authority = readFileSync(join(folder, 'authority-cert.pem'));
export const certificate = {
  key: readFileSync(join(folder, 'first-key.pem')),
  cert: readFileSync(join(folder, 'first-cert.pem')),
};
