import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

/** Variables that the gateway looks at, and the reader of YAML and the HTTP client in it. */
const ENV = ['PORTVAKT_ADMIN_TOKEN', 'NODE_ENV', 'LOG_STREAM', 'LOG_TOKENS', 'JEST_WORKER_ID', 'UNDICI_NO_WASM_SIMD'];

/** What Deno must be allowed, and no more; `docs/runtimes.md` and the README show the same. */
export function denoPermissions(data: string, env: readonly string[], net: readonly string[], code = ROOT): string[] {
  return [
    `--allow-read=${code},${data}`,
    `--allow-write=${data}`,
    `--allow-env=${[...ENV, ...env].join()}`,
    `--allow-net=${net.join()}`,
    // For the mode of files it makes (umask), which has no name of its own among these.
    '--allow-sys',
  ];
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
    before: (data, env) => ['run', '--no-prompt', '--cached-only', ...denoPermissions(data, env, ['127.0.0.1'])],
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
