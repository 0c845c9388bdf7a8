import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Unusable } from '../../runtimes/node/process/unusable.ts';
import type { RunningBroker } from './brokers.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** A small shop with two vendors, whose events wait in these brokers. */
export function configFor(brokers: readonly RunningBroker[]): string {
  const list = (of: 'url' | 'monitor') => brokers.map((broker) => broker[of]).join(', ');
  return `server: { root_key: "\${PORTVAKT_ROOT_KEY}" }
sites:
  - hosts: [127.0.0.1]
    origins: [https://shop.example.com]
    country: NO
    consent: { cmp: [vanilla-cookieconsent] }
    destinations:
      ga4: { measurement_id: G-DEMO000001, api_secret: "\${GA4_API_SECRET}" }
      meta: { pixel_id: "123456789012345", access_token: "\${META_ACCESS_TOKEN}" }
delivery:
  outbox: { engine: nats, servers: [${list('url')}], monitor: [${list('monitor')}] }
`;
}

export interface ClusterGateway {
  readonly url: string;
  /** Resolves when it has ended. */
  readonly kill: () => Promise<void>;
}

export interface GatewayStart {
  readonly config: string;
  /** Its disk: a new folder. */
  readonly data: string;
  readonly sink: string;
  readonly rootKey: string;
}

/** Starts `serve` in a process of its own. @throws Unusable with what it said, when it ends by itself */
export async function startClusterGateway({ config, data, sink, rootKey }: GatewayStart): Promise<ClusterGateway> {
  const file = join(data, 'gateway.yaml');
  writeFileSync(file, config);
  const places = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--data', data, '--sink', sink];
  const secrets = { PORTVAKT_ROOT_KEY: rootKey, GA4_API_SECRET: 'demo', META_ACCESS_TOKEN: 'demo' };
  const child = spawn(process.execPath, [MAIN, 'serve', file, ...places], {
    env: { ...process.env, ...secrets },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return { url: await listening(child), kill: () => end(child) };
}

function listening(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      const url = /"url":"([^"]+)","msg":"listening"/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', () => reject(new Unusable(`a gateway did not start:\n${said}`)));
  });
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
