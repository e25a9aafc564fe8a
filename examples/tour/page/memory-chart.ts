const WIDTH = 480;
const HEIGHT = 180;
const LEFT = 64;
const BOTTOM = HEIGHT - 22;
const TOP = 14;
const MIB = 1024 * 1024;

function svg(name: string, attributes: Record<string, string | number>, text = ''): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.textContent = text;
  return element;
}

/** Draws the server's memory over time, against where it would go if the server held the whole file. */
export class MemoryChart {
  readonly element = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'chart', role: 'img' });
  readonly #samples: { at: number; rss: number }[] = [];
  #fileSize = 0;

  /** The size of the file that goes by: the chart's scale. */
  compareWith(fileSize: number): void {
    this.#fileSize = fileSize;
    this.#draw();
  }

  add(rss: number): void {
    this.#samples.push({ at: performance.now(), rss });
    this.#draw();
  }

  /** The first and the highest sample, in MiB. */
  summary(): { first: number; peak: number } {
    const values = this.#samples.map((sample) => sample.rss / MIB);
    return { first: Math.round(values[0] ?? 0), peak: Math.round(Math.max(0, ...values)) };
  }

  #draw(): void {
    const [first] = this.#samples;
    const last = this.#samples[this.#samples.length - 1];
    const whole = first.rss + this.#fileSize;
    const span = Math.max(last.at - first.at, 1);
    const x = (at: number) => LEFT + ((at - first.at) / span) * (WIDTH - LEFT);
    const y = (bytes: number) => BOTTOM - (bytes / (whole * 1.05)) * (BOTTOM - TOP);
    const { first: from, peak } = this.summary();
    const points = this.#samples.map(({ at, rss }) => `${x(at).toFixed(1)},${y(rss).toFixed(1)}`).join(' ');
    this.element.setAttribute(
      'aria-label',
      `Memory of the server: ${from} MiB at the start, ${peak} MiB at the most.`,
    );
    this.element.replaceChildren(
      svg('line', { x1: LEFT, x2: WIDTH, y1: BOTTOM, y2: BOTTOM }),
      svg('line', { x1: LEFT, x2: WIDTH, y1: y(whole), y2: y(whole), class: 'whole-file' }),
      svg('text', { x: WIDTH, y: y(whole) + 14, 'text-anchor': 'end' }, 'with the whole file in memory'),
      svg('text', { x: LEFT - 8, y: y(whole) + 4, 'text-anchor': 'end' }, `${Math.round(whole / MIB)} MiB`),
      svg(
        'text',
        { x: LEFT - 8, y: y(last.rss) + 4, 'text-anchor': 'end' },
        `${Math.round(last.rss / MIB)} MiB`,
      ),
      svg('text', { x: LEFT, y: HEIGHT - 6 }, '0 s'),
      svg('text', { x: WIDTH, y: HEIGHT - 6, 'text-anchor': 'end' }, `${(span / 1000).toFixed(1)} s`),
      svg('polyline', { points }),
    );
  }
}
