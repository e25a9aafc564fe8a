// A thread of its own for the answer.
const { isMainThread, parentPort, Worker } = require('node:worker_threads');

if (isMainThread) {
  new Worker(__filename).on('message', (log) => process.send({ log }));
} else {
  const http = require('node:http');
  import('barewire/http').then((own) => parentPort.postMessage([http.createServer === own.createServer]));
}
