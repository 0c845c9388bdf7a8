/**
 * Makes what the package ships: JavaScript, because Node does not strip types below node_modules, and in a few files
 * rather than hundreds, because finding and opening modules is most of what a start takes. The dependencies are in them,
 * in the versions of the lock file; the package declares them all the same, for audits, licences and bills of materials.
 *
 * `node scripts/build.ts [folder]`, by default `dist`.
 */
import { rmSync } from 'node:fs';
import { getBuiltinModule } from 'node:process';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { rolldown, type Plugin } from 'rolldown';

const root = join(import.meta.dirname, '..');
const dir = process.argv[2] ?? join(root, 'dist');

/** The command, and what it starts as a thread or a process of its own (`src/platform/node/beside.ts`). */
const ENTRIES = {
  main: 'src/cli/main.ts',
  'outbox-worker': 'src/platform/node/outbox-worker.ts',
  'gateway-source': 'src/platform/node/gateway-source.ts',
  worker: 'src/platform/node/worker.ts',
};

const PREFIX = '\0builtin:';

/**
 * Takes what is used of Node's modules one by one. An `import` of `node:http` reads every export of it, and one of them
 * loads all of `fetch`: 12 MB and 40 ms for something that is not used.
 */
const builtins: Plugin = {
  name: 'builtins',
  resolveId(id, importer, { kind }) {
    // `require` does not read them; the bundler's own helpers stay as they are.
    if (!isBuiltin(id) || kind === 'require-call' || importer?.startsWith('\0')) return null;
    return { id: PREFIX + id, moduleSideEffects: false };
  },
  load(id) {
    if (!id.startsWith(PREFIX)) return null;
    const name = id.slice(PREFIX.length);
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
await bundle.write({ dir, format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' });
await bundle.close();
