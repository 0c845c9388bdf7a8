import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Hono } from 'hono';

const require = createRequire(import.meta.url);

/** The shop and what it needs; the banner and the GA4 client are other people's, from npm. */
const FILES: readonly (readonly [path: string, file: () => string, type: string])[] = [
  ['/', () => own('index.html'), 'text/html; charset=utf-8'],
  ['/demo/shop.js', () => own('shop.js'), 'text/javascript; charset=utf-8'],
  ['/demo/shop.css', () => own('shop.css'), 'text/css; charset=utf-8'],
  ['/demo/ga4.js', () => foreign('@minimal-analytics/ga4/dist/index.js'), 'text/javascript; charset=utf-8'],
  ['/demo/cookieconsent.js', () => foreign('vanilla-cookieconsent/dist/cookieconsent.umd.js'), 'text/javascript; charset=utf-8'],
  ['/demo/cookieconsent.css', () => foreign('vanilla-cookieconsent/dist/cookieconsent.css'), 'text/css; charset=utf-8'],
];

function own(name: string): string {
  return readFileSync(new URL(`./public/${name}`, import.meta.url), 'utf8');
}

function foreign(name: string): string {
  return readFileSync(require.resolve(name), 'utf8');
}

/** Server-sent events to every open page. */
export class Stream {
  readonly #listeners = new Set<(text: string) => void>();

  send(event: string, data: unknown): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const listener of this.#listeners) listener(text);
  }

  response(): Response {
    let listener: (text: string) => void;
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        listener = (text) => controller.enqueue(encoder.encode(text));
        this.#listeners.add(listener);
        listener(': open\n\n');
      },
      cancel: () => {
        this.#listeners.delete(listener);
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
  }
}

/** Adds the shop to the public listener. */
export function addPages(app: Hono, stream: Stream): void {
  for (const [path, read, type] of FILES) {
    const body = read();
    app.get(path, () => new Response(body, { headers: { 'content-type': type, 'cache-control': 'no-store' } }));
  }
  app.get('/favicon.ico', () => new Response(null, { status: 204 }));
  app.get('/demo/stream', () => stream.response());
}
