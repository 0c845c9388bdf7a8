/**
 * Writes what is made from the code: the registry of destinations, their READMEs, the pages on cookies, reasons and ways in, the editor schema, the tag,
 * and the picture of the architecture. `--check`
 * writes nothing and fails when something is not as it would be written.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layersInWords, picture } from './architecture.ts';
import { tagText } from './tag.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');
const stale: string[] = [];

function put(path: string, text: string): void {
  const full = join(root, path);
  if (existsSync(full) && readFileSync(full, 'utf8') === text) return;
  stale.push(path);
  if (!check) writeFileSync(full, text);
}

/** Folders of `destinations/` that hold a module, sorted. */
function folders(): string[] {
  return readdirSync(join(root, 'destinations'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, 'destinations', entry.name, 'index.ts')))
    .map((entry) => entry.name)
    .sort();
}

/** The name of a folder as a variable. */
const local = (name: string): string => name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Static imports, not a scan: bundlers for the edge need them. */
function registry(names: readonly string[]): string {
  const entry = (name: string) => {
    const type = name.replaceAll('-', '_');
    return type === local(name) ? `  ${type},` : `  ${type}: ${local(name)},`;
  };
  return [
    '// Written by `npm run gen` from the folders beside it.',
    "import type { Destination } from '../src/core/destination.ts';",
    ...names.map((name) => `import ${local(name)} from './${name}/index.ts';`),
    '',
    '/** Every destination by its `type`. */',
    'export const destinations: Readonly<Record<string, Destination>> = {',
    ...names.map(entry),
    '};',
    '',
  ].join('\n');
}

/** The table of identifiers: of every folder that has rows. Below the configuration, only this table of vendors is used. */
function identifierTable(names: readonly string[]): string {
  const rows = names.filter((name) => existsSync(join(root, 'destinations', name, 'identifiers.ts')));
  return [
    '// Written by `npm run gen` from the folders beside it.',
    "import type { Identifier } from '../src/core/identifiers.ts';",
    ...rows.map((name) => `import { identifiers as ${local(name)} } from './${name}/identifiers.ts';`),
    '',
    '/** What every vendor knows visitors and clicks by. */',
    'export const IDENTIFIERS: readonly Identifier[] = [',
    ...rows.map((name) => `  ...${local(name)},`),
    '];',
    '',
  ].join('\n');
}

put('destinations/identifiers.ts', identifierTable(folders()));
/** Puts a text between the marks of that name. */
function putBetween(path: string, mark: string, text: string): void {
  const [begin, end] = [`<!-- ${mark}: begin -->`, `<!-- ${mark}: end -->`];
  const before = readFileSync(join(root, path), 'utf8');
  const [start, stop] = [before.indexOf(begin), before.indexOf(end)];
  if (start === -1 || stop < start) throw new Error(`${path} has no place for ${mark}`);
  put(path, `${before.slice(0, start + begin.length)}\n\n${text}\n\n${before.slice(stop)}`);
}

put('destinations/index.ts', registry(folders()));
// A text in a module, so that it is there on every runtime, and the same from a checkout and in the package.
put(
  'src/protocols/json/tag-text.ts',
  `// Written by \`npm run gen\` from tag/tag.ts.\n\n/** What is served. */\nexport const TAG_TEXT = \`${(await tagText()).replaceAll(/[\\`]|\$(?=\{)/g, '\\$&')}\`;\n`,
);

const { DIFFERENCES, NOT_SUPPORTED } = await import('../test/runtimes/differences.ts');
putBetween(
  'docs/runtimes.md',
  'differences',
  [
    '| | Node, Bun, Deno | Cloudflare Workers |',
    '| --- | --- | --- |',
    ...DIFFERENCES.map(
      ({ what, hosts, workers, by }) => `| ${what} | ${hosts} | ${workers}${by === 'documentation' ? ' (†)' : ''} |`,
    ),
  ].join('\n'),
);
putBetween('docs/runtimes.md', 'not supported', NOT_SUPPORTED.map(([name, why]) => `- ${name}: ${why}`).join('\n'));

// Only now, because the configuration imports the registry.
const { destinations } = await import('../destinations/index.ts');
const { editorSchema } = await import('../src/config/pages/editor-schema.ts');
const { cookiesPage } = await import('../src/config/pages/cookie-table.ts');
const { waysInPage } = await import('../src/config/pages/ways-in-page.ts');
const { reasonsPage } = await import('../src/config/pages/reasons-page.ts');
const { destinationPage } = await import('../src/config/pages/destination-page.ts');

for (const [type, destination] of Object.entries(destinations)) {
  const folder = `destinations/${type.replaceAll('_', '-')}`;
  const notes = join(root, folder, 'notes.md');
  put(`${folder}/README.md`, destinationPage(destination, existsSync(notes) ? readFileSync(notes, 'utf8') : undefined));
}
put('docs/cookies.md', cookiesPage());
put('docs/reasons.md', reasonsPage());
putBetween('docs/architecture.md', 'picture', picture());
putBetween('CONTRIBUTING.md', 'layers', layersInWords());
put('docs/ways-in.md', waysInPage());
put('config/schema.json', `${JSON.stringify(editorSchema(), null, 2)}\n`);

if (stale.length > 0) {
  console.log(`${check ? 'out of date' : 'written'}: ${stale.join(', ')}`);
  if (check) {
    console.log('run `npm run gen` and commit what it writes');
    process.exitCode = 1;
  }
}
