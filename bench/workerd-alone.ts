/**
 * A built worker under workerd itself, with no development tool in front of it or behind it: what the process takes is
 * the engine's and the worker's. What the worker sends goes to one sink.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../src/demo/free-ports.ts';
import { stop, type Server } from './processes.ts';

const runtimes = createRequire(join(import.meta.dirname, '../test/runtimes/package.json'));

/** Stands for a secret that a vendor would have given. */
const STAND_IN = 'bench-secret';

export interface Alone {
  /** What `portvakt build` wrote. */
  readonly dir: string;
  readonly sink: string;
  /** Where the objects keep their databases. */
  readonly data: string;
}

/** Starts workerd with what was built; resolves when it answers. */
export async function startAlone(options: Alone): Promise<Server> {
  const port = await freePort();
  const file = join(options.dir, 'workerd.capnp');
  mkdirSync(options.data, { recursive: true });
  writeFileSync(file, configuration(options, port));
  const { default: program } = runtimes('workerd') as { readonly default: string };
  const begun = performance.now();
  const child = spawn(program, ['serve', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  // It says nothing when it is ready.
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`workerd ended with ${child.exitCode}:\n${text}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const readyMs = performance.now() - begun;
  return { url: `http://127.0.0.1:${port}`, pid: child.pid as number, readyMs, stop: () => stop(child) };
}

/** Whether connections to a port are taken; nothing is sent. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** What `wrangler deploy` makes of `wrangler.jsonc`, for an engine that is started by hand. */
function configuration({ dir, sink, data }: Alone, port: number): string {
  const settings = readFileSync(join(dir, 'wrangler.jsonc'), 'utf8').replaceAll(/^\/\/.*$/gm, '');
  const { compatibility_date: date } = JSON.parse(settings) as { readonly compatibility_date: string };
  const secrets = readFileSync(join(dir, '.secrets.env'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1) || STAND_IN]);
  const bindings = secrets.map(([name, value]) => `(name = "${name}", text = "${value}")`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .gateway),
    (name = "vendors", external = (address = "${new URL(sink).host}", http = ())),
    (name = "disk", disk = (path = "${data}", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const gateway :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "config.js", esModule = embed "config.js"),
  ],
  compatibilityDate = "${date}",
  bindings = [${[...bindings, '(name = "OUTBOX", durableObjectNamespace = "OutboxObject")'].join(', ')}],
  durableObjectNamespaces = [(className = "OutboxObject", uniqueKey = "outbox", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  globalOutbound = "vendors",
);
`;
}
