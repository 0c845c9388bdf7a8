import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { temporary } from '../support/serve.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The demo in a process of its own, as `npm start` runs it. */
export interface Demo {
  /** What it wrote for the person at the terminal, and for the log. */
  readonly output: () => string;
  readonly log: () => string;
  /** Resolves when `text` has been written; rejects when the demo ends without. */
  readonly says: (text: string) => Promise<void>;
  readonly ended: Promise<number | null>;
  readonly stop: () => Promise<number | null>;
}

/** @param root the folder of the project, or of a copy of it. */
export function startDemo(args: readonly string[], root = ROOT): Demo {
  const child = spawn(process.execPath, ['src/cli/main.ts', 'demo', '--data', temporary(), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let log = '';
  const listeners = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  return {
    output: () => output,
    log: () => log,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!output.includes(text)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
        void ended.then((code) => reject(new Error(`the demo ended with ${code}:\n${output}\n${log}`)));
      }),
    ended,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
