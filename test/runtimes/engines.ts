import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { denoOptions, VARIABLES } from '../../src/config/pages/deno-command.ts';

// The engines come from npm, in the package of this folder, which `.ci/run` installs: `npm ci --prefix test/runtimes
// --ignore-scripts`.

const MODULES = join(import.meta.dirname, 'node_modules');
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const system = `${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`;

/** A program that can run the gateway's own command as it is. */
export interface Host {
  readonly name: 'node' | 'bun' | 'deno';
  /** The program; undefined = it is not installed here. */
  readonly program: string | undefined;
  /** What stands between the program and the gateway's main file. `data`: the data directory; `env`: variables it reads. */
  readonly before: (data: string, env: readonly string[]) => readonly string[];
}

/** Where an engine is: in its package for this system, or where an install script has put it. */
function find(...places: readonly string[]): string | undefined {
  return places.map((place) => join(MODULES, place)).find((place) => existsSync(place));
}

/** What Deno must be allowed where everything goes to a sink; `build --target deno` asks for the same with vendors' hosts. */
export function denoArgs(data: string, env: readonly string[], net: readonly string[]): readonly string[] {
  return ['run', ...denoOptions({ read: [ROOT, data], write: [data], env: [...VARIABLES, ...env], net })];
}

export const HOSTS: readonly Host[] = [
  { name: 'node', program: process.execPath, before: () => [] },
  {
    name: 'bun',
    program: find(`@oven/bun-${system}/bin/bun`, 'bun/bin/bun.exe'),
    before: () => ['--no-install'],
  },
  {
    name: 'deno',
    program: find(`@deno/${process.platform}-${process.arch}-glibc/deno`, 'deno/deno'),
    // All that a gateway with a sink talks to is on this machine.
    before: (data, env) => denoArgs(data, env, ['127.0.0.1']),
  },
];

/** Where workerd and what drives it are; undefined = not installed here. */
export const miniflareFolder: string | undefined = find('miniflare');
export const wrangler: string | undefined = find('wrangler/bin/wrangler.js');

/** Why the tests of an engine cannot run here; on CI they run, and fail. */
export function missing(program: string | undefined, name: string): boolean {
  if (program !== undefined || process.env['CI'] === 'true') return false;
  console.warn(`tests on ${name} are skipped: run npm ci --prefix test/runtimes --ignore-scripts`);
  return true;
}
