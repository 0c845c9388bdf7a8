import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig, type TestUserConfig } from 'vitest/config';
import { projects } from './test/projects.ts';

const { process, browser, search, torture, package: packages, runtimes } = projects();
const elsewhere = [...process, ...browser, ...search, ...torture, ...packages, ...runtimes];
const project = (
  name: string,
  seconds: number,
  include: readonly string[],
  { exclude = [], ...more }: TestUserConfig & { readonly exclude?: readonly string[] } = {},
) => ({
  extends: true as const,
  test: {
    ...more,
    name,
    include: [...include],
    exclude: ['**/node_modules/**', ...exclude],
    testTimeout: seconds * 1000,
    hookTimeout: seconds * 1000,
  },
});

// Files of these projects start nothing and replace nothing, so they can share what is loaded; and Node loads it, as it
// does in production. Otherwise each file loads hundreds of modules anew, which takes longer than its tests.
const SHARED = { isolate: false, experimental: { viteModuleRunner: false, nodeLoader: false } };

// Tests start the program some hundreds of times, from its sources. Node keeps what it compiled, types stripped, by content.
globalThis.process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'portvakt-compile-cache');

// The limits are for a test that is stuck, on a machine with other things to do: they measure nothing.
export default defineConfig({
  test: {
    maxWorkers: 2,
    // What is waited for comes at once on a machine of its own; a busy one takes longer.
    expect: { poll: { timeout: 20_000 } },
    // V8 crashes now and then where many threads that use one WebAssembly module (undici's parser) start and end in one
    // process, as tests do: it frees code of a wrapper that another thread has. Without a second tier there is nothing to free.
    execArgv: ['--wasm-wrapper-tiering-budget=1000000000'],
    projects: [
      project('unit', 60, ['test/**/*.test.ts'], { ...SHARED, exclude: elsewhere }),
      project('process', 120, process),
      project('browser', 180, browser),
      project('search', 180, search, SHARED),
      project('torture', 180, torture),
      project('package', 180, packages),
      project('runtimes', 180, runtimes),
    ],
  },
});
