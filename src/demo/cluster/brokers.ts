import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePorts } from '../free-ports.ts';

/** The version that is installed where one is missing; a gateway takes no older one than 2.15. */
export const NATS_VERSION = '2.15.3';

/** Where `nats-server` is: in the path, or where Go installs programs; undefined = there is none. */
export function findNatsServer({ GOBIN, PATH = '' }: NodeJS.ProcessEnv): string | undefined {
  const dirs = [...(GOBIN === undefined ? [] : [GOBIN]), ...PATH.split(delimiter), join(homedir(), 'go', 'bin')];
  return dirs
    .map((dir) => join(dir, 'nats-server'))
    .find(
      (path) => existsSync(path) && spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.includes('nats-server'),
    );
}

export interface RunningBroker {
  readonly name: string;
  readonly url: string;
  readonly monitor: string;
  readonly dir: string;
  readonly pid: number;
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
  /** Starts it again on the same disk. */
  readonly restart: () => Promise<void>;
}

export interface BrokerOptions {
  /** Where `nats-server` is. */
  readonly program: string;
  /** Makes a new folder. */
  readonly folder: () => string;
  readonly sync?: string;
  /** More lines of the configuration. */
  readonly more?: string;
}

/** Starts so many brokers on loopback, each with a disk of its own; one is no cluster. */
export async function startBrokers(count: number, options: BrokerOptions): Promise<readonly RunningBroker[]> {
  const { program, folder, sync = 'always', more = '' } = options;
  const ports = await freePorts(count * 3);
  const routes = Array.from({ length: count }, (_, i) => `nats://127.0.0.1:${ports[i * 3 + 2]}`);
  const cluster = `c${randomBytes(4).toString('hex')}`;
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const dir = folder();
      mkdirSync(dir, { recursive: true });
      const [port = 0, http = 0, own = 0] = ports.slice(i * 3, i * 3 + 3);
      const name = `n${i}`;
      writeFileSync(
        join(dir, 'nats.conf'),
        [
          `server_name: ${name}`,
          `listen: 127.0.0.1:${port}`,
          `http: 127.0.0.1:${http}`,
          `jetstream { store_dir: "${dir}/js"${sync === '' ? '' : `, sync_interval: ${sync}`} }`,
          count === 1 ? '' : `cluster { name: ${cluster}, listen: 127.0.0.1:${own}, routes: [${routes.join(', ')}] }`,
          more,
        ].join('\n'),
      );
      const monitor = `http://127.0.0.1:${http}`;
      const url = `nats://127.0.0.1:${port}`;
      let child = await start(program, dir, monitor);
      return {
        name,
        url,
        monitor,
        dir,
        get pid() {
          return child.pid as number;
        },
        kill: (signal: NodeJS.Signals = 'SIGKILL') => end(child, signal),
        restart: async () => {
          child = await start(program, dir, monitor);
        },
      };
    }),
  );
}

async function start(program: string, dir: string, monitor: string): Promise<ChildProcess> {
  const child = spawn(program, ['-c', join(dir, 'nats.conf'), '-l', join(dir, 'log')], { stdio: 'ignore' });
  for (const until = Date.now() + 60_000; Date.now() < until; ) {
    const there = await fetch(`${monitor}/healthz?js-enabled-only=true`).catch(() => undefined);
    if (there?.ok === true) return child;
    if (child.exitCode !== null) throw new Error(`nats-server ended; see ${dir}/log`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill('SIGKILL');
  throw new Error(`nats-server does not get ready; see ${dir}/log`);
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGCONT');
    child.kill(signal);
  });
}
