/**
 * Makes what the package ships: JavaScript, because Node does not strip types below node_modules, and in a few files
 * rather than hundreds, because finding and opening modules is most of what a start takes. The dependencies are in them,
 * in the versions of the lock file; the package declares them all the same, for audits, licences and bills of materials.
 *
 * `node scripts/build.ts [folder]`, by default `dist`.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { getBuiltinModule } from 'node:process';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { rolldown, type OutputAsset, type OutputChunk, type Plugin } from 'rolldown';
import { buildWeb, buildWorker } from './worker.ts';

const root = join(import.meta.dirname, '..');
const dir = process.argv[2] ?? join(root, 'dist');

/** The command, and what it starts as a thread or a process of its own (`src/runtimes/node/process/beside.ts`). */
const ENTRIES = {
  main: 'src/cli/launch.js',
  'outbox-thread': 'src/runtimes/node/process/outbox-thread.ts',
  'gateway-source': 'src/runtimes/node/process/gateway-source.ts',
  'one-process': 'src/runtimes/node/process/one-process.ts',
};

const PREFIX = '\0builtin:';

/** Who imports modules of Node's, by a number: a path would be taken for the place of a file. */
const importers = new Map<string, number>();

/**
 * Takes what is used of Node's modules one by one. An `import` of `node:http` reads every export of it, and one of them
 * loads all of `fetch`: 12 MB and 40 ms for something that is not used. Each importer has these lines to itself, or they
 * would be files that every start has to find.
 */
const builtins: Plugin = {
  name: 'builtins',
  resolveId(id, importer, { kind }) {
    // `require` does not read them; the bundler's own helpers stay as they are.
    if (!isBuiltin(id) || kind === 'require-call' || importer === undefined || importer.startsWith('\0')) return null;
    if (!importers.has(importer)) importers.set(importer, importers.size);
    return { id: `${PREFIX}${id}#${importers.get(importer)}`, moduleSideEffects: false };
  },
  load(id) {
    if (!id.startsWith(PREFIX)) return null;
    const name = id.slice(PREFIX.length, id.lastIndexOf('#'));
    const names = Object.keys(getBuiltinModule(name) ?? {}).filter((key) => /^[A-Za-z_]\w*$/.test(key));
    return [
      `const builtin = process.getBuiltinModule('${name}');`,
      'export default builtin;',
      ...names.filter((key) => key !== 'default').map((key) => `export const ${key} = builtin.${key};`),
    ].join('\n');
  },
};

rmSync(dir, { recursive: true, force: true });
const bundle = await rolldown({
  cwd: root,
  input: ENTRIES,
  platform: 'node',
  plugins: [builtins],
  // Reading a property of a module of Node's that nobody uses is left out.
  treeshake: { propertyReadSideEffects: false },
});
const { output } = await bundle.write({
  dir,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
});
await bundle.close();
const elsewhere = [...(await buildWorker(join(dir, 'workers'))), ...(await buildWeb(dir))];
writeFileSync(join(dir, 'THIRD-PARTY-LICENSES.txt'), licences(output, elsewhere));
declareWeb(join(dir, 'types'));

/** The types of `portvakt/web`. */
function declareWeb(outDir: string): void {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const made = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.web.json'), '--outDir', outDir], {
    stdio: 'inherit',
  });
  if (made.status !== 0) throw new Error('the types of portvakt/web cannot be made');
}

/** The licences of all packages whose code is in the files, as each of them demands of its copies. */
function licences(files: readonly (OutputChunk | OutputAsset)[], others: readonly string[]): string {
  const folders = new Set<string>();
  for (const id of [...files.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : [])), ...others]) {
    const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0];
    if (folder !== undefined) folders.add(folder.replaceAll('\0', ''));
  }
  return [...folders]
    .toSorted()
    .map(licenceOf)
    .join(`\n\n${'-'.repeat(80)}\n\n`);
}

/** @throws where a package has no text of its licence: then its code may not be shipped */
function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly [key: string]: string;
  };
  const texts = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice)/i.test(file));
  if (texts.length === 0) throw new Error(`${name} has no text of its licence in ${folder}`);
  const text = texts.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
  return `${name} ${version} (${license})\n\n${text}`;
}
