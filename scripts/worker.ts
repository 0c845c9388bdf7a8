/**
 * Makes `worker.js`, what Cloudflare Workers run: all of `src/runtimes/workers` in one file, beside which
 * `portvakt build` writes a configuration; and `web.js`, which is imported as `portvakt/web`.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown, type Plugin } from 'rolldown';

const root = join(import.meta.dirname, '..');

/** What a worker never calls: examples for documentation and tests, and schemas as JSON for editors. */
const UNUSED = /\/destinations\/[^/]+\/examples\.ts$|\/zod\/v4\/core\/(?:to-json-schema|json-schema-processors)\.js$/;

/** What settings mean, in words: for pages and editors. */
const WORDS = /\.describe\(\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"),?\s*\)/g;

function exportsOf(code: string): readonly string[] {
  return [...code.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name = '']) => name);
}

/** What is in the sources for other runtimes, and would only be sent along. */
const lighter: Plugin = {
  name: 'lighter',
  resolveId(id) {
    return id === 'portvakt:config' ? { id: './config.js', external: true } : null;
  },
  transform(code, id) {
    if (!UNUSED.test(id)) return null;
    return exportsOf(code)
      .map((name) => `export const ${name} = () => [];`)
      .join('\n');
  },
};

/** A worker reads a configuration that has been checked: nobody is told there what a setting means. */
const wordless: Plugin = {
  name: 'wordless',
  transform: (code) => (code.includes('.describe(') ? code.replaceAll(WORDS, '') : null),
};

/** A destination's settings as a schema. */
const SETTINGS = /^(?:export )?const settings = z\b/m;

/** Nor does it read settings: `build` has, and what it read is in the configuration. */
const settled: Plugin = {
  name: 'settled',
  transform(code, id) {
    if (!/\/destinations\/[^/]+\/\w+\.ts$/.test(id) || !SETTINGS.test(code)) return null;
    const { body } = this.parse(code, { lang: 'ts' });
    for (const one of body) {
      const declared = one.type === 'ExportNamedDeclaration' ? one.declaration : one;
      if (declared?.type !== 'VariableDeclaration') continue;
      for (const { id: name, init } of declared.declarations)
        if (name.type === 'Identifier' && name.name === 'settings' && init !== null)
          return `${code.slice(0, init.start)}undefined${code.slice(init.end)}`;
    }
    throw new Error(`${id}: its settings are not found`);
  },
};

/** Bundles one entry for runtimes that have web standards and nothing of Node's. Gives the modules in the file. */
async function bundleNeutral(
  entry: string,
  file: string,
  minify: boolean,
  more: readonly Plugin[] = [],
): Promise<readonly string[]> {
  mkdirSync(dirname(file), { recursive: true });
  const bundle = await rolldown({
    cwd: root,
    input: entry,
    platform: 'browser',
    external: ['cloudflare:workers'],
    plugins: [...more, lighter, ...(minify ? [wordless, settled] : [])],
    // A schema that nobody uses is left out.
    treeshake: { propertyReadSideEffects: false, manualPureFunctions: ['z'] },
  });
  const { output } = await bundle.write({ file, format: 'esm', minify });
  await bundle.close();
  return output.flatMap((one) => (one.type === 'chunk' ? one.moduleIds : []));
}

/** `worker.js` in `dir`. `more` goes before: for who wants to know what a part of it takes. */
export function buildWorker(dir: string, more: readonly Plugin[] = []): Promise<readonly string[]> {
  return bundleNeutral('src/runtimes/workers/worker.ts', join(dir, 'worker.js'), true, more);
}

/** What `import 'portvakt/web'` finds, in `dir`. */
export function buildWeb(dir: string): Promise<readonly string[]> {
  return bundleNeutral('src/runtimes/web/index.ts', join(dir, 'web.js'), false);
}

if (import.meta.main) await buildWorker(process.argv[2] ?? join(root, 'dist/workers'));
