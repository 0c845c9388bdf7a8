import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SINK_KEY } from '../../src/delivery/lane/signature.ts';
import { run as build } from '../../src/cli/build.ts';
import { placeholderCredentials } from '../../src/runtimes/node/vendors/placeholder-account.ts';
import { temporary } from '../support/serve.ts';
import type { Running, StartOptions } from './runtime.ts';
import type { WorkerdOptions } from './workerd-process.ts';

const PROCESS = join(import.meta.dirname, 'workerd-process.ts');

/** Builds a configuration for Workers; gives the folder. */
export async function built(config: string, args: readonly string[] = []): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'portvakt-worker-'));
  const file = join(dir, 'gateway.yaml');
  writeFileSync(file, config);
  const code = await build([file, '--target', 'workers', '--out', dir, ...args]);
  if (code !== 0) throw new Error(`build ended with ${code}`);
  return dir;
}

/** What one configuration was built into: several starts of it have the same key. */
const folders = new Map<string, Promise<string>>();

/** Starts a built worker under workerd. */
export async function workerdStart({ config, sink, data = temporary(), env = {} }: StartOptions): Promise<Running> {
  let folder = folders.get(config);
  if (folder === undefined) folders.set(config, (folder = built(config)));
  const dir = await folder;
  // Secrets that have a form of their own; for any other a text will do.
  const secrets = { GOOGLE_ADS_CREDENTIALS: placeholderCredentials(), HOOK_KEY: SINK_KEY, ...env };
  return startBuilt({ dir, sink, data, env: secrets });
}

/** Starts what was built. `pid`: of the process whose only child is workerd. */
export async function startBuilt(options: WorkerdOptions): Promise<Running & { readonly pid: number }> {
  // A group of its own: workerd is a child of what is started here, and goes with it.
  const child = spawn(process.execPath, [PROCESS, JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const kill = (): void => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  process.once('exit', kill);
  let text = '';
  child.stderr.setEncoding('utf8');
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`workerd did not start:\n${text}`)), 60_000);
    child.stderr.on('data', (chunk: string) => {
      text += chunk;
      const found = /"url":"([^"]+)","msg":"listening"/.exec(text)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`workerd ended with ${code}:\n${text}`)));
  });
  return {
    url,
    pid: child.pid ?? 0,
    log: () => text,
    kill: () => {
      kill();
      process.off('exit', kill);
      return ended;
    },
    stop: async () => {
      child.kill('SIGTERM');
      const code = await ended;
      kill();
      process.off('exit', kill);
      return code;
    },
  };
}
