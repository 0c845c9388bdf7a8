import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Programs started and stopped, and the folder for all that a run writes. */

/** Everything a run writes goes here, and goes away with it. */
export const SCRATCH = mkdtempSync(join(tmpdir(), 'portvakt-bench-'));
process.on('exit', () => rmSync(SCRATCH, { recursive: true, force: true }));

let made = 0;

/** A path of its own in the scratch folder. */
export function scratch(name: string, ending = ''): string {
  return join(SCRATCH, `${name}-${made++}${ending}`);
}

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

/** Starts a program and waits until its output, on either stream, has the address where it listens. */
export async function start(
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

/** Ends a process: politely, and by force after ten seconds. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(force);
}

/** Runs a program to its end: its output. */
export async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const child = spawn(command, args, { env: { ...ENV, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  // `once` also fails where the program cannot be started.
  const [code] = (await once(child, 'exit').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${command} cannot be started (${error.code}): see bench/README.md`);
  })) as [number | null];
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
