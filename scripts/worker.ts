/**
 * Makes `worker.js`, what Cloudflare Workers run: all of `src/runtimes/workers` in one file, beside which
 * `portvakt build` writes a configuration; and `web.js`, which is imported as `portvakt/web`.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown, type Plugin } from 'rolldown';
import { examples, PURE, WORKER_WITHOUT } from './left-out.ts';

const root = join(import.meta.dirname, '..');

/** A worker's configuration is a file beside it. */
const configBeside: Plugin = {
  name: 'config beside',
  resolveId: (id) => (id === 'portvakt:config' ? { id: './config.js', external: true } : null),
};

/** Bundles one entry for runtimes that have web standards and nothing of Node's. Gives the modules in the file. */
async function bundleNeutral(
  entry: string,
  file: string,
  minify: boolean,
  plugins: readonly Plugin[],
): Promise<readonly string[]> {
  mkdirSync(dirname(file), { recursive: true });
  const bundle = await rolldown({
    cwd: root,
    input: entry,
    platform: 'browser',
    external: ['cloudflare:workers'],
    plugins: [...plugins, configBeside],
    // An unused schema is left out.
    treeshake: { propertyReadSideEffects: false, manualPureFunctions: PURE },
  });
  const { output } = await bundle.write({ file, format: 'esm', minify, comments: !minify });
  await bundle.close();
  return output.flatMap((one) => (one.type === 'chunk' ? one.moduleIds : []));
}

/** `worker.js` in `dir`. `more` goes before it, to measure the size of a part. */
export function buildWorker(dir: string, more: readonly Plugin[] = []): Promise<readonly string[]> {
  const plugins = [...more, ...WORKER_WITHOUT];
  return bundleNeutral('src/runtimes/workers/worker.ts', join(dir, 'worker.js'), true, plugins);
}

/** What `import 'portvakt/web'` finds, in `dir`. */
export function buildWeb(dir: string): Promise<readonly string[]> {
  return bundleNeutral('src/runtimes/web/index.ts', join(dir, 'web.js'), false, [examples]);
}

if (import.meta.main) await buildWorker(process.argv[2] ?? join(root, 'dist/workers'));
