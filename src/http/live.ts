/** Time between two heartbeats of a stream, milliseconds: proxies close a connection that is silent for a minute. */
const HEARTBEAT_MS = 15_000;
/** Bytes a listener may be behind before it loses events. */
const BACKLOG = 1 << 20;

/** Server-sent events to everyone who is connected; nothing is kept for later. */
export class Live {
  readonly #listeners = new Set<Listener>();
  readonly #changed: (watched: boolean) => void;
  readonly #most: number;
  /** The first message to every new listener, by event. */
  readonly #greetings = new Map<string, string>();

  /**
   * @param changed called when the first listener comes and when the last one goes
   * @param most how many may listen at once
   */
  constructor(changed: (watched: boolean) => void = () => {}, most = Infinity) {
    this.#changed = changed;
    this.#most = most;
  }

  /** Whether there is a listener; without one, events need not be made. */
  get watched(): boolean {
    return this.#listeners.size > 0;
  }

  /** Sent first to every listener that connects from now on. */
  greet(event: string, data: unknown): void {
    this.#greetings.set(event, textOf(event, data));
  }

  send(event: string, data: unknown): void {
    if (!this.watched) return;
    const bytes = bytesOf(textOf(event, data));
    for (const listener of this.#listeners) listener.write(bytes);
  }

  /**
   * A `text/event-stream` that ends when the listener goes away; undefined where enough are listening. A listener that
   * does not read loses events, and is disconnected when it has not read between two heartbeats.
   */
  response(): Response | undefined {
    if (this.#listeners.size >= this.#most) return undefined;
    let listener: Listener | undefined;
    const leave = (): void => {
      if (listener === undefined || !this.#listeners.delete(listener)) return;
      clearInterval(listener.heartbeat);
      if (this.#listeners.size === 0) this.#changed(false);
    };
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const write = (bytes: Uint8Array): boolean => {
            if ((controller.desiredSize ?? 0) <= 0) return false;
            controller.enqueue(bytes);
            return true;
          };
          const beat = (): void => {
            if (write(ALIVE)) return;
            leave();
            controller.error(new Error('the listener does not read'));
          };
          listener = { write, heartbeat: setInterval(beat, HEARTBEAT_MS) };
          write(OPEN);
          for (const text of this.#greetings.values()) write(bytesOf(text));
          this.#listeners.add(listener);
          if (this.#listeners.size === 1) this.#changed(true);
        },
        cancel: leave,
      },
      new ByteLengthQueuingStrategy({ highWaterMark: BACKLOG }),
    );
    return new Response(body, {
      headers: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        // Without this nginx collects the events until a buffer is full.
        'x-accel-buffering': 'no',
      },
    });
  }
}

const encoder = new TextEncoder();
const bytesOf = (text: string): Uint8Array => encoder.encode(text);
const OPEN = bytesOf(': open\n\n');
const ALIVE = bytesOf(': alive\n\n');

function textOf(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

interface Listener {
  /** False where the listener is too far behind. */
  readonly write: (bytes: Uint8Array) => boolean;
  readonly heartbeat: ReturnType<typeof setInterval>;
}
