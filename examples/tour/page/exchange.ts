/** Shows one exchange: the request at once, the response and how long it took when it is there. */
export class Exchange {
  readonly #room: HTMLElement;
  readonly #started = performance.now();

  constructor(room: HTMLElement, method: string, path: string, body = '') {
    this.#room = room;
    room.replaceChildren();
    this.#add('Request', '', `${method} ${path} HTTP/1.1`, body);
  }

  /** Milliseconds since the request was sent, as a person reads them. */
  elapsed(): string {
    const ms = performance.now() - this.#started;
    return ms < 100
      ? `${ms.toFixed(1)} ms`
      : ms < 1000
        ? `${ms.toFixed(0)} ms`
        : `${(ms / 1000).toFixed(2)} s`;
  }

  head(response: Response): string {
    return Array.from(response.headers, ([name, value]) => `${name}: ${value}`).join('\n');
  }

  respond(response: Response, body: string): void {
    const status = `HTTP/1.1 ${response.status} ${response.statusText}`;
    const block = this.#add('Response', this.elapsed(), status, `${this.head(response)}\n\n${body}`);
    block.querySelector('.first-line')?.classList.add(`status-${String(response.status)[0]}`);
  }

  fail(error: unknown): void {
    const block = this.#add('No response', this.elapsed(), String(error), 'Is the server still running?');
    block.querySelector('.first-line')?.classList.add('failed');
  }

  /** Puts an element of its own between request and response. */
  append(...elements: Element[]): void {
    this.#room.append(...elements);
  }

  #add(title: string, timing: string, firstLine: string, rest: string): HTMLElement {
    const heading = document.createElement('h3');
    const time = document.createElement('span');
    time.className = 'timing';
    time.textContent = timing;
    heading.append(title, time);
    const block = document.createElement('pre');
    const first = document.createElement('span');
    first.className = 'first-line';
    first.textContent = firstLine;
    block.append(first, rest === '' ? '' : `\n${rest}`);
    this.#room.append(heading, block);
    return block;
  }
}
