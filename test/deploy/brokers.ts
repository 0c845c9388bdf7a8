import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { freePorts } from '../../src/demo/free-ports.ts';
import { until } from '../support/metrics.ts';
import { temporary } from '../support/serve.ts';
import { program } from './programs.ts';

/** Three brokers with the configuration of deploy/, on this machine's ports and folders. */
export interface Brokers {
  /** A text with the brokers' names in it, with the addresses they have here. */
  readonly moved: (text: string) => string;
  /** Monitor port of each. */
  readonly monitors: readonly string[];
  readonly stop: () => void;
}

const COUNT = 3;
const PORTS = ['4222', '8222', '6222'] as const;

/** Starts three brokers as a file says, and waits until each has found the others. */
export async function startBrokers(conf: string): Promise<Brokers> {
  const ports = await freePorts(COUNT * PORTS.length);
  const portOf = (n: number, port: string): number =>
    ports[n * PORTS.length + PORTS.indexOf(port as (typeof PORTS)[number])] as number;
  const moved = (text: string): string =>
    text.replaceAll(/nats-(\d)(?:\.nats)?:(\d{4})/g, (_, n: string, port: string) => `127.0.0.1:${portOf(+n, port)}`);
  const started: ChildProcess[] = [];
  for (let n = 0; n < COUNT; n++) {
    const dir = temporary();
    mkdirSync(join(dir, 'data'));
    const file = join(dir, 'nats.conf');
    const here = moved(conf)
      .replace(/^port: (\d+)$/m, (_, port: string) => `listen: 127.0.0.1:${portOf(n, port)}`)
      .replace(/^http_port: (\d+)$/m, (_, port: string) => `http: 127.0.0.1:${portOf(n, port)}`)
      .replace(/^ {2}port: (\d+)$/m, (_, port: string) => `  listen: 127.0.0.1:${portOf(n, port)}`)
      .replace('store_dir: /data', `store_dir: "${join(dir, 'data')}"`);
    writeFileSync(file, here);
    const args = [`--config=${file}`, `--name=nats-${n}`];
    const checked = spawnSync(program('nats-server'), ['-t', ...args], { encoding: 'utf8' });
    expect([checked.status, checked.stderr]).toEqual([0, expect.stringContaining('is valid')]);
    started.push(spawn(program('nats-server'), args, { stdio: 'ignore' }));
  }
  const monitors = Array.from({ length: COUNT }, (_, n) => `http://127.0.0.1:${portOf(n, '8222')}`);
  for (const monitor of monitors)
    await until(
      `${monitor} has found the others`,
      async () => (await told<Jsz>(`${monitor}/jsz`))?.meta_cluster?.leader !== undefined,
      120_000,
    );
  return {
    moved,
    monitors,
    stop: () => {
      for (const broker of started) broker.kill('SIGKILL');
    },
  };
}

/** What of `/jsz` is looked at. */
export interface Jsz {
  readonly config?: { readonly sync_always?: boolean; readonly max_storage: number; readonly max_memory: number };
  /** Bytes that streams may take by their own limits. */
  readonly reserved_storage: number;
  readonly reserved_memory: number;
  readonly meta_cluster?: { readonly leader?: string; readonly cluster_size: number };
}

/** What a monitor port says; undefined while it says nothing. */
export async function told<T>(url: string): Promise<T | undefined> {
  const answer = await fetch(url).catch(() => undefined);
  return answer?.ok === true ? ((await answer.json()) as T) : undefined;
}
