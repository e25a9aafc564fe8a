import fs from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'barewire/http';
import { largeFile } from '../large-file.js';

export function stream(_req: IncomingMessage, res: ServerResponse): void {
  const { path, size } = largeFile();
  res.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': size });
  const file = fs.createReadStream(path);
  file.pipe(res);
  // A reader who leaves early must not keep the file open.
  res.on('close', () => file.destroy());
  file.on('error', (error) => res.destroy(error));
}
