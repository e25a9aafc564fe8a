import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bounded } from '../differential/bounded.js';

/** Is there an nginx to put in front? */
export const hasNginx = spawnSync('nginx', ['-v']).status === 0;

/** The field that nginx puts on every request it passes on: an id that nobody outside knows. */
export const FRONT_ID = 'x-front-id';

const FOLDERS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

function configuration(folder: string, port: number): string {
  const temporary = FOLDERS.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n  ');
  const passed = `proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header X-Front-Id $request_id;`;
  return `
daemon off;
master_process off;
worker_processes 1;
pid ${join(folder, 'pid')};
error_log stderr notice;
events { worker_connections 512; }
http {
  ${temporary}
  access_log off;
  client_max_body_size 0;
  ignore_invalid_headers off;
  underscores_in_headers on;
  upstream behind { server 127.0.0.1:${port}; keepalive 4; }
  server {
    listen unix:${join(folder, 'front')};
    location / { ${passed} proxy_set_header Connection ""; }
    location /unbuffered {
      ${passed} proxy_set_header Connection "";
      proxy_request_buffering off; proxy_buffering off;
    }
    location /upgrade {
      ${passed} proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
    }
    location /old { proxy_pass http://behind; proxy_http_version 1.0; proxy_set_header X-Front-Id $request_id; }
  }
}`;
}

/** nginx as a reverse proxy with persistent connections to a server, in a temporary folder of its own. */
export class NginxFront {
  /** The path of the Unix domain socket that it listens on. */
  readonly socketPath: string;
  private readonly folder: string;
  private readonly child: ChildProcess;

  private constructor(folder: string, child: ChildProcess) {
    this.folder = folder;
    this.socketPath = join(folder, 'front');
    this.child = child;
  }

  /** Starts nginx in front of the server on `port`. */
  static async start(port: number): Promise<NginxFront> {
    const folder = await mkdtemp(join(tmpdir(), 'barewire-nginx-'));
    for (const name of FOLDERS) await mkdir(join(folder, name));
    await writeFile(join(folder, 'nginx.conf'), configuration(folder, port));
    const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const front = new NginxFront(folder, child);
    let said = '';
    const started = new Promise<void>((resolve, reject) => {
      child.on('exit', () => reject(new Error(`nginx ended: ${said}`)));
      child.stderr?.setEncoding('utf8').on('data', (text) => {
        said += text;
        // Said once its sockets are open.
        if (/event method/.test(said)) resolve();
      });
    });
    try {
      await bounded('nginx starts', started, () => `; ${said}`);
    } catch (error) {
      await front.stop();
      throw error;
    }
    return front;
  }

  connect(): Socket {
    const socket = connect(this.socketPath);
    socket.on('error', () => {});
    return socket;
  }

  /** Sends bytes as they are, ends, and returns everything that nginx answered. */
  async exchange(bytes: string): Promise<string> {
    const socket = this.connect();
    let received = '';
    socket.setEncoding('latin1').on('data', (text) => {
      received += text;
    });
    socket.write(bytes, 'latin1');
    await bounded('nginx closes the connection', once(socket, 'close'), () => `; ${received}`);
    return received;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGTERM');
      await once(this.child, 'exit');
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
