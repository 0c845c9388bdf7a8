import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { image } from '../test/support/image.ts';
import type { Inside } from './inside.ts';
import { freePort } from '../src/demo/free-ports.ts';
import { scratch, SCRATCH, start, type Server } from './processes.ts';

/** The contestants, and the stand-in for the vendors. */

const HERE = import.meta.dirname;
const READY = /ready (http:\/\/\S+)/;

type PeerName = 'hono' | 'node' | 'forward' | 'refuse' | 'walkeros';

export function startPeer(name: PeerName, args: readonly string[] = [], inside?: string): Promise<Server> {
  const env = { NODE_ENV: 'production', ...lookingInto(inside) };
  return start(process.execPath, [join(HERE, 'peers', `${name}.ts`), ...args], READY, env);
}

/** What makes every thread of a process write about itself into a folder (`inside.ts`). */
function lookingInto(folder: string | undefined): Readonly<Record<string, string>> {
  if (folder === undefined) return {};
  mkdirSync(folder, { recursive: true });
  return { NODE_OPTIONS: `--import ${pathToFileURL(join(HERE, 'inside.ts')).href}`, BENCH_INSIDE: folder };
}

/** What the threads of a process wrote about their last `seconds` seconds, by thread. */
export function insideOf(folder: string, seconds: number): Inside[][] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as Inside[]).slice(-seconds));
}

export function startSink(): Promise<Server> {
  return start(process.execPath, [join(HERE, 'sink.ts')], READY);
}

/** How many requests a sink has had. */
export async function received(sink: Server): Promise<number> {
  const { requests } = (await (await fetch(`${sink.url}/count`)).json()) as { requests: number };
  return requests;
}

/** nginx as a plain proxy: what a site has that only wants a first-party address. */
export async function startNginx(upstream: string): Promise<Server> {
  const folder = scratch('nginx');
  mkdirSync(folder);
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr notice;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  keepalive_requests 100000000;
  upstream vendor { server ${new URL(upstream).host}; keepalive 256; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://vendor/www.google-analytics.com$request_uri;
      proxy_http_version 1.1; proxy_set_header Connection "";
    }
  }
}
`,
  );
  const server = await start('nginx', ['-c', file, '-p', folder], /(start worker process )/);
  return { ...server, url: `http://127.0.0.1:${port}` };
}

/** A gateway as an operator starts it. */
export interface GatewayServer extends Server {
  readonly adminUrl: string;
  readonly data: string;
}

/** Stand-ins for the secrets of `five-routes.yaml`. */
const SECRETS = {
  GA4_API_SECRET: 'bench-secret',
  META_ACCESS_TOKEN: 'bench-token',
  LINKEDIN_ACCESS_TOKEN: 'bench-token',
  MICROSOFT_UET_TOKEN: 'bench-token',
};

export interface GatewayOptions {
  readonly config: string;
  readonly sink: string;
  /** A data directory to start on; default: a fresh one. */
  readonly data?: string;
  readonly workers?: number;
  /** The command line's main module; default: as published. */
  readonly main?: string;
  /** Where CPU profiles of its threads go when it ends. */
  readonly profiles?: string;
  /** Where its threads write about themselves. */
  readonly inside?: string;
}

let published: string | undefined;

/** The main module as the package has it: built once a run, JavaScript. */
export function publishedMain(): string {
  if (published === undefined) {
    const root = join(HERE, '..');
    const dist = join(SCRATCH, 'dist');
    execFileSync(process.execPath, [join(root, 'scripts/build.ts'), dist]);
    copyFileSync(join(root, 'package.json'), join(SCRATCH, 'package.json'));
    published = join(dist, 'main.js');
  }
  return published;
}

/** The main module of the checkout, TypeScript. */
export const CHECKOUT_MAIN = join(HERE, '../src/cli/main.ts');

export async function startGateway(options: GatewayOptions): Promise<GatewayServer> {
  const data = options.data ?? scratch('data');
  mkdirSync(data, { recursive: true });
  const file = join(data, 'gateway.yaml');
  writeFileSync(file, options.config);
  const [port, adminPort] = [await freePort(), await freePort()];
  const main = options.main ?? publishedMain();
  const profiling = options.profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profiles}`];
  const { flags, env } = image();
  const args = [
    ...flags,
    ...profiling,
    main,
    'serve',
    file,
    '--listen',
    `127.0.0.1:${port}`,
    '--admin',
    `127.0.0.1:${adminPort}`,
  ];
  args.push('--data', data, '--sink', options.sink);
  if (options.workers !== undefined) args.push('--workers', String(options.workers));
  const server = await start(process.execPath, args, /"url":"([^"]+)"[^\n]*"msg":"listening"/, {
    ...env,
    ...SECRETS,
    ...lookingInto(options.inside),
  });
  return { ...server, adminUrl: `http://127.0.0.1:${adminPort}`, data };
}

/** Events waiting, delivered and refused for good, from the metrics. */
export async function queue(
  gateway: GatewayServer,
): Promise<{ readonly waiting: number; readonly delivered: number; readonly dead: number }> {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  const sum = (name: string, label = ''): number => {
    let total = 0;
    for (const line of text.split('\n')) {
      if (line.startsWith(`${name}{`) && line.includes(label)) total += Number(line.slice(line.lastIndexOf(' ')));
    }
    return total;
  };
  return {
    waiting: sum('portvakt_outbox_waiting'),
    delivered: sum('portvakt_outcomes_total', 'outcome="delivered"'),
    dead: sum('portvakt_outbox_dead_letters'),
  };
}
