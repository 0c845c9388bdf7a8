/** Server-sent events to everyone who is listening; nothing is kept for those who are not. */
export class Live {
  readonly #listeners = new Set<(text: string) => void>();
  readonly #changed: (watched: boolean) => void;

  /** `changed` is told when the first listener comes and when the last one goes. */
  constructor(changed: (watched: boolean) => void = () => {}) {
    this.#changed = changed;
  }

  /** Whether anybody listens: what is sent need not even be made otherwise. */
  get watched(): boolean {
    return this.#listeners.size > 0;
  }

  send(event: string, data: unknown): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const listener of this.#listeners) listener(text);
  }

  /** A `text/event-stream` that ends when the listener goes away. A listener that does not read loses events. */
  response(): Response {
    let listener: (text: string) => void = () => {};
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          listener = (text) => {
            if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(text));
          };
          this.#listeners.add(listener);
          if (this.#listeners.size === 1) this.#changed(true);
          controller.enqueue(encoder.encode(': open\n\n'));
        },
        cancel: () => {
          this.#listeners.delete(listener);
          if (this.#listeners.size === 0) this.#changed(false);
        },
      },
      { highWaterMark: 256 },
    );
    return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
  }
}
