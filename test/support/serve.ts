import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** A gateway in a process of its own, as an operator starts it. */
export interface Served {
  readonly url: string;
  readonly adminUrl: string;
  readonly data: string;
  readonly child: ChildProcess;
  /** Everything it wrote on stderr so far. */
  readonly log: () => string;
  /** Sends a signal (SIGTERM) and waits for the end; gives the exit code, null if a signal ended it. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** A folder that goes with the machine. */
export function temporary(prefix = 'portvakt-'): string {
  return mkdtempSync(join(tmpdir(), prefix));
}

/** Starts `serve` on free ports and waits until it listens. */
export async function serve(options: {
  config: string;
  sink?: string;
  data?: string;
  env?: Readonly<Record<string, string>>;
  args?: readonly string[];
  /** What is run in place of the program. */
  main?: string;
  /** What runs it in place of this very Node, and what stands before the program for that. */
  node?: string;
  nodeArgs?: readonly string[];
}): Promise<Served> {
  const data = options.data ?? temporary();
  const file = join(data, 'gateway.yaml');
  writeFileSync(file, options.config);
  const child = spawn(
    options.node ?? process.execPath,
    [
      ...(options.nodeArgs ?? []),
      // The sources, unless another form of the program is named.
      options.main ?? process.env['PORTVAKT_MAIN'] ?? MAIN,
      'serve',
      file,
      '--listen',
      '127.0.0.1:0',
      '--admin',
      '127.0.0.1:0',
      '--data',
      data,
      ...(options.sink === undefined ? [] : ['--sink', options.sink]),
      ...(options.args ?? []),
    ],
    { env: { ...process.env, ...options.env }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let text = '';
  child.stderr.setEncoding('utf8');
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const found = await new Promise<{ url: string; adminUrl: string }>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`serve did not start:\n${text}`));
    }, 90_000);
    child.stderr.on('data', (chunk: string) => {
      text += chunk;
      const url = /"url":"([^"]+)","msg":"listening"/.exec(text)?.[1];
      const adminUrl = /"url":"([^"]+)","msg":"admin listening"/.exec(text)?.[1];
      if (url === undefined || adminUrl === undefined) return;
      clearTimeout(timer);
      resolve({ url, adminUrl });
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`serve ended with ${code}:\n${text}`));
    });
  });
  return {
    ...found,
    data,
    child,
    log: () => text,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}
