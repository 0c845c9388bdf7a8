import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { image } from '../test/support/image.ts';
import type { BenchRequest } from './hits.ts';
import type { Inside } from './inside.ts';

/** Everything a run writes goes here, and goes away with it. */
export const SCRATCH = mkdtempSync(join(tmpdir(), 'portvakt-bench-'));
process.on('exit', () => rmSync(SCRATCH, { recursive: true, force: true }));

const HERE = import.meta.dirname;
let made = 0;

/** A server in a process of its own. */
export interface Server {
  readonly url: string;
  readonly pid: number;
  /** Milliseconds from spawn to ready. */
  readonly readyMs: number;
  readonly stop: () => Promise<void>;
}

/** Programs of Debian and of a Go workspace, where they usually are. */
const ENV = { ...process.env, PATH: [process.env['PATH'], join(homedir(), 'go/bin'), '/usr/sbin'].join(delimiter) };

/** Starts a program and waits until it says, on either stream, where it listens. */
async function start(
  command: string,
  args: readonly string[],
  ready: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const begun = performance.now();
  const child = spawn(command, args, { env: { ...ENV, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const url = await new Promise<string>((resolve, reject) => {
    const patience = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${command} ${args.join(' ')} does not start:\n${text}`));
    }, 30_000).unref();
    const hear = (chunk: Buffer): void => {
      if (text.length > 100_000) return;
      text += chunk.toString();
      const found = ready.exec(text)?.[1];
      if (found === undefined) return;
      clearTimeout(patience);
      resolve(found);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${command} ${args.join(' ')} ended:\n${text}`)));
  });
  return { url, pid: child.pid as number, readyMs: performance.now() - begun, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(force);
}

const READY = /ready (http:\/\/\S+)/;

type PeerName = 'hono' | 'node' | 'forward' | 'refuse';

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
  const folder = join(SCRATCH, `nginx-${made++}`);
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
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
  const data = options.data ?? join(SCRATCH, `data-${made++}`);
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

/** The processes that a process has started itself. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** A process and those it has started, and those they have. */
function family(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(family)];
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Resident and peak memory of a process and those it has started, megabytes. */
export function memory(pid: number): { readonly rss: number; readonly peak: number } {
  const all = family(pid).map((member) => readFileSync(`/proc/${member}/status`, 'utf8'));
  const of = (name: string): number =>
    sumOf(all.map((status) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0))) / 1024;
  return { rss: of('VmRSS'), peak: of('VmHWM') };
}

/** Memory of a process that is a view of files on the disk, its program above all, megabytes; processes share it. */
export function mappedFiles(pid: number): number {
  let kilobytes = 0;
  let file = false;
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    if (/^[0-9a-f]+-/.test(line)) file = line.includes(' /');
    else if (file && line.startsWith('Rss:')) kilobytes += Number(/\d+/.exec(line)?.[0]);
  }
  return kilobytes / 1024;
}

/** What the system's scheduler knows of a thread so far, microseconds. */
export interface Scheduled {
  readonly ran: number;
  /** Ready, and waited for a core. */
  readonly waited: number;
  /** How often it got a core. */
  readonly times: number;
}

/** The threads of a process by what they do: the first one, the delivery thread, and all others together. */
export function scheduled(pid: number): Readonly<Record<'first' | 'delivery' | 'others', Scheduled>> {
  const sums = { first: NEVER, delivery: NEVER, others: NEVER };
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`;
    const name = readFileSync(`${folder}/comm`, 'utf8').trim();
    const [ran = 0, waited = 0, times = 0] = readFileSync(`${folder}/schedstat`, 'utf8').trim().split(' ').map(Number);
    const kind = Number(thread) === pid ? 'first' : name === 'WorkerThread' ? 'delivery' : 'others';
    const sum = sums[kind];
    sums[kind] = { ran: sum.ran + ran / 1e3, waited: sum.waited + waited / 1e3, times: sum.times + times };
  }
  return sums;
}

const NEVER: Scheduled = { ran: 0, waited: 0, times: 0 };

/** Ticks of /proc are hundredths of a second. */
const TICK_US = 10_000;

/** Processor time used so far, microseconds: of the first thread of a process, and of all threads and children. */
export function processorTime(pid: number): { readonly first: number; readonly all: number } {
  const of = (file: string): number => {
    const text = readFileSync(file, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_US;
  };
  const all = family(pid).map((member) => of(`/proc/${member}/stat`));
  return { first: of(`/proc/${pid}/task/${pid}/stat`), all: sumOf(all) };
}

/** Processor time of programs that this process has started and that have ended, microseconds. */
export function endedTime(): number {
  const text = readFileSync('/proc/self/stat', 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * TICK_US;
}

/** What wrk measured. Times in milliseconds. */
export interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly refused: number;
  readonly failed: number;
}

/** How `wrk` asks. */
interface Asking {
  readonly connections: number;
  readonly seconds: number;
  /** Put in place of `#########`, rising with each request. */
  readonly from?: number;
  /** Milliseconds that a connection waits after an answer. */
  readonly restMs?: number;
}

/** The closed model: so many connections, each sending again as soon as it was answered, or a while after. */
export async function wrk(
  url: string,
  hits: readonly BenchRequest[],
  { connections, seconds, from, restMs }: Asking,
): Promise<Measured> {
  const list = join(SCRATCH, `hits-${made++}.lua`);
  writeFileSync(list, `return {${hits.map(luaRequest).join(',\n')}}`);
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', join(HERE, 'wrk.lua'), url];
  const text = await run('wrk', args, {
    BENCH_HITS: list,
    ...(from !== undefined && { BENCH_FROM: String(from) }),
    ...(restMs !== undefined && { BENCH_REST: String(restMs) }),
  });
  const found = JSON.parse(/BENCH(\{.*\})/.exec(text)?.[1] ?? 'null') as Record<string, number> | null;
  if (found === null) throw new Error(`wrk said nothing of use:\n${text}`);
  const { requests = 0, us = 1, p50 = 0, p99 = 0, refused = 0, failed = 0 } = found;
  return { perSecond: (requests / us) * 1e6, p50: p50 / 1000, p99: p99 / 1000, refused, failed };
}

/** What k6 measured. Times in milliseconds. */
export interface OpenMeasured {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly failed: number;
  /** Hits that could not even be started. */
  readonly dropped: number;
}

/** The open model: `rate` hits a second, or rising to `ramp`. */
export async function k6(
  url: string,
  hits: readonly BenchRequest[],
  { rate, ramp, seconds }: { readonly rate: number; readonly ramp?: number; readonly seconds: number },
): Promise<OpenMeasured> {
  const list = join(SCRATCH, `hits-${made++}.json`);
  const out = `${list}.out`;
  writeFileSync(list, JSON.stringify(hits));
  await run('k6', ['run', '--quiet', '--no-usage-report', join(HERE, 'k6.js')], {
    BENCH_HITS: list,
    BENCH_URL: url,
    BENCH_OUT: out,
    RATE: String(rate),
    SECONDS: String(seconds),
    ...(ramp === undefined ? {} : { RAMP: String(ramp) }),
  });
  return JSON.parse(readFileSync(out, 'utf8')) as OpenMeasured;
}

function luaRequest({ method, path, headers, body }: BenchRequest): string {
  const fields = Object.entries(headers).map(([name, value]) => `[${quote(name)}]=${quote(value)}`);
  return `{method=${quote(method)},path=${quote(path)},headers={${fields.join(',')}},body=${quote(body)}}`;
}

/** A Lua string; the texts of `hits.ts` hold line ends at most. */
function quote(text: string): string {
  return JSON.stringify(text);
}

async function run(command: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(command, args, { env: { ...ENV, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const failed = once(child, 'error').then(([error]) => {
    throw new Error(`${command} cannot be started (${(error as NodeJS.ErrnoException).code}): see bench/README.md`);
  });
  const [code] = (await Promise.race([once(child, 'exit'), failed])) as [number | null];
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${text}`);
  return text;
}

/** Whether a program is there. */
export async function has(command: string, argument: string): Promise<boolean> {
  try {
    await run(command, [argument], {});
    return true;
  } catch (error) {
    return !(error as Error).message.includes('cannot be started');
  }
}
