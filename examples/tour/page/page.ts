import { Exchange } from './exchange.js';
import { MemoryChart } from './memory-chart.js';

const MIB = 1024 * 1024;

/** Runs `send` whenever the example's form is submitted, one at a time. */
function onSend(id: string, send: (room: HTMLElement, form: HTMLFormElement) => Promise<void>): void {
  const example = document.getElementById(id);
  const form = example?.querySelector('form');
  const room = example?.querySelector<HTMLElement>('.exchange');
  const button = form?.querySelector('button');
  if (!form || !room || !button) throw new Error(`the page has no example ${id}`);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    room.setAttribute('aria-busy', 'true');
    await send(room, form);
    room.removeAttribute('aria-busy');
    button.disabled = false;
  });
}

async function exchange(room: HTMLElement, method: string, path: string, body?: string): Promise<void> {
  const shown = new Exchange(room, method, path, body === undefined ? '' : `\n${body}`);
  try {
    const response = await fetch(path, { method, body });
    shown.respond(response, await response.text());
  } catch (error) {
    shown.fail(error);
  }
}

onSend('hello', (room) => exchange(room, 'GET', '/hello'));
onSend('echo', (room, form) => exchange(room, 'POST', '/echo', String(new FormData(form).get('body'))));
onSend('not-found', (room) => exchange(room, 'GET', '/nowhere'));

onSend('stream', async (room) => {
  const shown = new Exchange(room, 'GET', '/big.bin');
  const samples = new EventSource('/memory');
  try {
    const chart = new MemoryChart();
    // The first sample is from before the first byte.
    await new Promise<void>((resolve, reject) => {
      samples.onmessage = (event) => {
        chart.add(JSON.parse(event.data).rss);
        resolve();
      };
      samples.onerror = () => reject(new Error('no samples of the server\u2019s memory'));
    });
    await follow(shown, chart);
  } catch (error) {
    shown.fail(error);
  } finally {
    samples.close();
  }
});

/** Reads the large file and drops its bytes, while the chart draws what the server says of its memory. */
async function follow(shown: Exchange, chart: MemoryChart): Promise<void> {
  const response = await fetch('/big.bin', { cache: 'no-store' });
  const size = Number(response.headers.get('content-length'));
  chart.compareWith(size);
  const progress = document.createElement('progress');
  progress.max = size;
  progress.setAttribute('aria-label', 'Received');
  const counts = document.createElement('p');
  counts.className = 'counts';
  shown.append(progress, counts, chart.element);

  let received = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const chunk = await reader?.read();
    if (chunk?.value === undefined) break;
    received += chunk.value.length;
    progress.value = received;
    counts.textContent = `${Math.round(received / MIB)} of ${Math.round(size / MIB)} MiB received`;
  }
  const { first, peak } = chart.summary();
  shown.respond(
    response,
    `[${received} bytes]\n\nThe server\u2019s memory: ${first} MiB at the start, ${peak} MiB at the most.`,
  );
}

// The code that runs, without its import lines.
for (const block of document.querySelectorAll<HTMLElement>('[data-source]')) {
  fetch(`/source/${block.dataset.source}.ts`)
    .then((response) => response.text())
    .then((text) => {
      block.textContent = text.replace(/^(import [^\n]*\n)+\n/, '').trimEnd();
    });
}
