import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * Runs what `portvakt build` wrote under workerd, in a process of its own that can be killed:
 * `node workerd-process.ts '{"dir": ..., "sink": ..., "data": ..., "port": 0}'`. The vendors are played by a recorder at
 * `sink`, so that the bytes that are deployed are the bytes that run here.
 */
export interface WorkerdOptions {
  /** What was built. */
  readonly dir: string;
  readonly sink: string;
  /** Where the objects keep their databases. */
  readonly data: string;
  readonly port?: number;
  /** Modules in `dir`, the main one first; left out = those that are deployed. */
  readonly modules?: readonly string[];
  /** Secrets beside those of `.secrets.env`. */
  readonly env?: Readonly<Record<string, string>>;
}

interface Miniflare {
  readonly ready: Promise<URL>;
  dispose(): Promise<void>;
}

const options = JSON.parse(process.argv[2] ?? '') as WorkerdOptions;
const { dir, sink, data, port = 0, modules = ['worker.js', 'config.js'], env = {} } = options;
const require = createRequire(import.meta.url);
const { convertV4MiniflareOptions, Miniflare, Response } = require('miniflare') as {
  convertV4MiniflareOptions: (options: unknown) => unknown;
  Miniflare: new (options: unknown) => Miniflare;
  Response: new (body: ArrayBuffer | null, init: unknown) => unknown;
};

const settings = JSON.parse(readFileSync(join(dir, 'wrangler.jsonc'), 'utf8').replaceAll(/^\/\/.*$/gm, '')) as {
  readonly compatibility_date: string;
};
const secrets = Object.fromEntries(
  readFileSync(join(dir, '.secrets.env'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => {
      const [, name = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
      return [name, value.replaceAll(/^'|'$/g, '') || 'test-secret-0123456789-0123456789-0123'];
    }),
);

/** To the recorder in place of the vendor (`--sink` of the other runtimes). */
async function toSink(request: Request): Promise<unknown> {
  const { host, pathname, search } = new URL(request.url);
  const headers = [...request.headers].filter(([name]) => !name.startsWith('mf-') && name !== 'cf-worker');
  const body = request.method === 'GET' ? null : await request.arrayBuffer();
  const reply = await fetch(`${sink}/${host}${pathname}${search}`, { method: request.method, headers, body });
  const empty = reply.status === 204 || reply.status === 304;
  return new Response(empty ? null : await reply.arrayBuffer(), { status: reply.status, headers: [...reply.headers] });
}

const miniflareOptions = convertV4MiniflareOptions({
  modules: modules.map((path) => ({ type: 'ESModule', path: join(dir, path) })),
  modulesRoot: dir,
  compatibilityDate: settings.compatibility_date,
  // The jurisdiction of an object exists only at Cloudflare; workerd has none.
  bindings: { ...secrets, ...env },
  durableObjects: { OUTBOX: { className: 'OutboxObject', useSQLite: true } },
  resourcePersistencePath: data,
  host: '127.0.0.1',
  port,
  outboundService: toSink,
  handleStructuredLogs: ({ message }: { readonly message: string }) => process.stderr.write(`${message}\n`),
});
const miniflare = new Miniflare(miniflareOptions);
const url = await miniflare.ready;
console.error(JSON.stringify({ level: 'info', url: url.origin, msg: 'listening' }));
process.once('SIGTERM', () => {
  void miniflare.dispose().then(() => process.exit(0));
});
