import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { destinations } from '../../destinations/index.ts';
import { shellWords } from '../../src/cli/curl.ts';
import { loadConfig } from '../../src/config/load.ts';
import { decideRequest as decide } from '../../src/decide/request.ts';
import { PROTOCOLS } from '../../src/protocols/index.ts';
import { FAMILIES } from '../../src/runtimes/node/process/metric-families.ts';
import { anchorsOf } from '../support/anchors.ts';
import { cookiebot, gatewayOf, jsonHit } from '../support/hits.ts';

// The documentation is compared with the project: commands run, examples load, names exist.

const root = join(import.meta.dirname, '../..');
const text = (file: string) => readFileSync(join(root, file), 'utf8');
const README = text('README.md');
const manifest = JSON.parse(text('package.json')) as {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
};

/** Fenced blocks of a language, without the indentation of the list they stand in. */
const blocks = (markdown: string, language: string): string[] =>
  [...markdown.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([^]*?)^\\1\`\`\``, 'gm'))].map(
    ([, indent = '', block = '']) => block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );

const DOCUMENTS = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], { cwd: root, encoding: 'utf8' })
  .stdout.split('\n')
  .filter(Boolean);

/** What the recipes of CONTRIBUTING make, in a copy of the project (`test/recipes`). */
const RECIPES = [
  'metric',
  'configuration-key',
  'consent-platform',
  'destination-with-oauth',
  'runtime',
  'outbox-engine',
]
  .map((recipe) => readFileSync(join(root, 'test/fixtures/recipes', `${recipe}.ts`), 'utf8'))
  .join('\n');

describe('links in the documentation', () => {
  it.each(DOCUMENTS)('of %s lead somewhere', (document) => {
    const targets = [...text(document).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(
      ([, target = '']) => target,
    );
    const broken = targets.filter((target) => {
      const [path = '', heading] = target.split('#');
      const file = path === '' ? join(root, document) : join(root, dirname(document), path);
      if (!existsSync(file)) return true;
      if (heading === undefined) return false;
      return !anchorsOf(readFileSync(file, 'utf8')).includes(heading);
    });
    expect(broken).toEqual([]);
  });

  it('and tests that are named by their path are there', () => {
    const named = DOCUMENTS.flatMap((file) =>
      [...text(file).matchAll(/`(test\/[\w./-]+\.test\.ts)`/g)].map(([, path = '']) => path),
    );
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((path) => !existsSync(join(root, path)) && !RECIPES.includes(path))).toEqual([]);
  });

  it('and sources that are named by their path are there', () => {
    // What CONTRIBUTING tells people to make is in the recipes.
    const named = DOCUMENTS.filter(
      (file) => file !== 'CONTRIBUTING.md' && !/^(?:test|docs\/spec)\//.test(file),
    ).flatMap((file) =>
      [...text(file).matchAll(/`((?:src|bench|config|deploy|scripts|tag)\/[\w./-]+)`/g)].map(([, path = '']) => path),
    );
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('are found in the documents that matter', () => {
    expect(DOCUMENTS).toEqual(
      expect.arrayContaining(['README.md', 'docs/README.md', 'SECURITY.md', 'CONTRIBUTING.md']),
    );
  });
});

describe('commands in the documentation', () => {
  const CLI = /npm run -s portvakt -- ([^`\n]+)/g;
  const commands = DOCUMENTS.flatMap((file) => [...text(file).matchAll(CLI)].map(([, line = '']) => line.trim()));
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'portvakt-readme-'));
    writeFileSync(join(folder, 'gateway.yaml'), blocks(README, 'yaml')[0] ?? '');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (args: readonly string[]) =>
    spawnSync(process.execPath, [join(root, 'src/cli/main.ts'), ...args], { cwd: folder, encoding: 'utf8' });

  it('are npm scripts that exist', () => {
    const BUILT_IN = ['ci', 'start', 'test'];
    const named = DOCUMENTS.flatMap((file) =>
      [...text(file).matchAll(/\bnpm (?:run (?:-s )?)?([a-z:]+)/g)].map(([, name = '']) => name),
    );
    expect(named).toEqual(expect.arrayContaining(['ci', 'start', 'test', 'portvakt']));
    const foreign = ['install', 'init', 'pack', 'publish', 'run', 'packages'];
    const unknown = named.filter((name) => !BUILT_IN.includes(name) && !foreign.includes(name));
    expect(unknown.filter((name) => !Object.hasOwn(manifest.scripts, name))).toEqual([]);
    expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(['start', 'test']));
  });

  it('of the CLI are there for lint, docs, serve, explain and outbox', () => {
    const names = new Set(commands.map((line) => line.split(' ')[0]));
    expect([...names]).toEqual(expect.arrayContaining(['lint', 'docs', 'serve', 'explain', 'outbox']));
  });

  it('have options their usage knows', () => {
    for (const line of commands) {
      const [name = '', ...args] = shellWords(line);
      const { stdout, status } = run([name, '--help']);
      expect([line, status]).toEqual([line, 0]);
      const ownArgs = args.slice(0, args.includes('curl') ? args.indexOf('curl') : args.length);
      // `outbox` explains its actions when asked for one that is not there.
      const usage = name === 'outbox' ? text('src/cli/outbox.ts').replaceAll(/(\w+): \{ type/g, '--$1 ') : stdout;
      for (const option of ownArgs.filter((arg) => arg.startsWith('--'))) expect(usage).toContain(option);
    }
  });

  it.each(['lint', 'docs', 'explain'])(
    '%s runs as it is written, on the configuration that is written there',
    (name) => {
      const line = commands.find((command) => command.startsWith(`${name} gateway.yaml`)) ?? '';
      const done = run(shellWords(line));
      expect([line, done.stderr, done.status]).toEqual([line, expect.any(String), 0]);
      if (name !== 'lint') expect(done.stdout).toContain('ga4');
    },
  );
});

describe('examples in the README', () => {
  it('the configuration loads, and nothing is to be said about it', () => {
    const [first = ''] = blocks(README, 'yaml');
    expect(loadConfig(first, 'README.md')).toEqual({ config: expect.any(Object), notes: [] });
  });

  it('the JSON event is accepted, and goes to Google Analytics with the visitor’s consent', () => {
    const gateway = gatewayOf(blocks(README, 'yaml')[0] ?? '');
    const [body = ''] = blocks(README, 'json');
    const cookies = `_ga=GA1.1.482310557.${Math.floor(Date.parse('2026-11-22T12:00:00Z') / 1000)}; ${cookiebot({ statistics: true })}`;
    const done = decide(jsonHit(body, { cookies }), gateway);
    expect(done).not.toHaveProperty('problem');
    const outcomes =
      'trace' in done ? done.trace.events.flatMap(({ routes }) => routes.map(({ outcome }) => outcome)) : [];
    expect(outcomes).toEqual(['planned']);
  });
});

describe('the table of the first screen', () => {
  const [rows = ''] = README.split('\n## ');
  const of = (which: 'in' | 'out') => rows.split('\n').filter((line) => line.startsWith(`| ${which} |`));

  it('has every way in, with the first path of each, and the tag', () => {
    const paths = PROTOCOLS.map(({ doors }) => doors[0].paths[0]);
    // Segment's first path takes lists of the calls that its other paths take one by one.
    const said = ['/g/pv.js', ...paths.map((path) => (path === '/v1/batch' ? '/v1/track' : path))];
    expect(of('in')).toHaveLength(said.length);
    for (const path of said) expect(of('in').filter((row) => row.includes(`\`${path}\``))).toHaveLength(1);
  });

  it('has every destination', () => {
    const folders = Object.keys(destinations).map((name) => `(destinations/${name.replaceAll('_', '-')}/README.md)`);
    expect(of('out')).toHaveLength(folders.length);
    for (const folder of folders) expect(of('out').filter((row) => row.includes(folder))).toHaveLength(1);
  });
});

describe('names in the README', () => {
  it('metrics are exported', () => {
    const exported = new Set(FAMILIES.map(({ name }) => name));
    const made = (name: string): boolean => RECIPES.includes(name);
    const named = DOCUMENTS.flatMap((file) => text(file).match(/\bportvakt_[a-z_]+/g) ?? []);
    expect(named.length).toBeGreaterThan(0);
    for (const written of named) {
      const name = written.replace(/_(bucket|sum|count)$/, '');
      expect([name, exported.has(name) || made(name)]).toEqual([name, true]);
    }
  });

  it('the table of routes is what the destinations declare', () => {
    for (const [name, { needs, limited }] of Object.entries(destinations)) {
      const row = README.split('\n').find((line) => line.startsWith(`| [${name}](destinations/`)) ?? '';
      const [, , needed = '', , without = ''] = row.split('|');
      // Where each route says its own, the column says so.
      const own = needs.length === 0 ? ['what', 'the', 'route', 'names', 'in', 'needs'] : [...needs];
      expect([name, needed.match(/\w+/g)]).toEqual([name, own]);
      expect([name, without.includes('`limited`')]).toEqual([name, limited !== undefined]);
    }
  });

  it('the commands are the ones there are', () => {
    const { stdout } = spawnSync(process.execPath, [join(root, 'src/cli/main.ts'), '--help'], { encoding: 'utf8' });
    const there = [...stdout.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name);
    const listed = /the CLI \(([^;]+);/.exec(README)?.[1]?.match(/[a-z]+/g) ?? [];
    expect(new Set<unknown>(listed)).toEqual(new Set(there));
  });

  it('every runtime dependency is listed with its licence, and no other', () => {
    const table = README.slice(README.indexOf('Runtime dependencies'));
    const rows = [...table.matchAll(/^\| (?!package|---)([^|]+) \| ([^|]+) \|/gm)].flatMap(
      ([, names = '', licence = '']) => names.split(', ').map((name) => [name.split(' ')[0] ?? '', licence] as const),
    );
    const optional = Object.keys(manifest.optionalDependencies);
    const all = [...Object.keys(manifest.dependencies), ...optional];
    expect(rows.map(([name]) => name).toSorted()).toEqual(all.toSorted());
    for (const [name, licence] of rows) {
      const { license } = JSON.parse(text(`node_modules/${name}/package.json`)) as { license: string };
      expect([name, licence]).toEqual([name, license]);
    }
    expect(table).toMatch(/^Runtime dependencies, ten:/);
    expect(rows.filter(([name]) => !optional.includes(name))).toHaveLength(10);
  });
});
