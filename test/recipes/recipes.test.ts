import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configurationKey } from '../fixtures/recipes/configuration-key.ts';
import { consentPlatform } from '../fixtures/recipes/consent-platform.ts';
import { destinationWithOAuth } from '../fixtures/recipes/destination-with-oauth.ts';
import { metric } from '../fixtures/recipes/metric.ts';
import { outboxEngine } from '../fixtures/recipes/outbox-engine.ts';
import type { Recipe } from '../fixtures/recipes/recipe.ts';
import { runtime } from '../fixtures/recipes/runtime.ts';

// The recipes of CONTRIBUTING.md, followed exactly in a copy of the project: the result works, compiles and is
// documented, and no file was touched that the recipe does not name.

const ROOT = join(import.meta.dirname, '../..');
const RECIPES = [consentPlatform, destinationWithOAuth, runtime, outboxEngine, configurationKey, metric];
const COPIED = [
  'src',
  'destinations',
  'scripts',
  'tag',
  'config',
  'docs',
  'test',
  'bench',
  'CONTRIBUTING.md',
  'README.md',
  'package.json',
  'tsconfig.json',
  'tsconfig.base.json',
  'tsconfig.neutral.json',
  'vitest.config.ts',
];
const node = join(ROOT, 'node_modules/node/bin/node');

let tree: string;
/** Files that are not as they were: by whom they were changed. */
const touched = new Map<string, readonly string[]>();

function run(...args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(node, args, { cwd: tree, encoding: 'utf8', env: { ...process.env, CONSENT_MUTATIONS: '2000' } });
}

function follow({ files, lines }: Recipe): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(tree, dirname(path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  for (const [path, puts] of Object.entries(lines)) {
    let text = readFileSync(join(tree, path), 'utf8');
    for (const [behind, put] of puts) {
      const at = text.indexOf(behind);
      if (at === -1) throw new Error(`${path} has no "${behind}"`);
      text = text.slice(0, at + behind.length) + put + text.slice(at + behind.length);
    }
    writeFileSync(join(tree, path), text);
  }
}

/** Every file of the tree with its text. */
function texts(folder = tree): Map<string, string> {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(tree, path), readFileSync(path, 'utf8')] as const),
  );
}

/** The text of a recipe. */
function sectionOf(heading: string): string {
  const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`CONTRIBUTING.md has no "${heading}"`);
  return section;
}

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'portvakt-recipes-'));
  const filter = (path: string): boolean => !/node_modules|\.venv/.test(path);
  for (const name of COPIED)
    cpSync(join(ROOT, name), join(tree, name), { recursive: true, filter: (path) => filter(relative(ROOT, path)) });
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  let before = texts();
  for (const recipe of RECIPES) {
    follow(recipe);
    const generated = run('scripts/gen.ts');
    if (generated.status !== 0) throw new Error(`${recipe.heading}: ${generated.stderr}`);
    const after = texts();
    touched.set(
      recipe.heading,
      [...after].filter(([path, text]) => before.get(path) !== text).map(([path]) => path),
    );
    before = after;
  }
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

describe('the recipes of CONTRIBUTING.md', () => {
  it.each(RECIPES.map(({ heading }) => heading))('%s: names every file that is touched', (heading) => {
    const section = sectionOf(heading);
    const files = touched.get(heading) ?? [];
    expect(files.length).toBeGreaterThan(1);
    expect(files.filter((path) => !section.includes(path))).toEqual([]);
  });

  it('lead to code that compiles, in the layers without Node, too', () => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    for (const project of ['tsconfig.neutral.json', 'tsconfig.json']) {
      expect(run(tsc, '--noEmit', '-p', project).stdout).toBe('');
    }
  });

  it('lead to what the tests they name hold', () => {
    const tests = RECIPES.flatMap((recipe) => recipe.tests);
    const { stdout, stderr, status } = run('node_modules/vitest/vitest.mjs', 'run', ...tests, '--reporter=json');
    const { testResults } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as {
      testResults: readonly { name: string; assertionResults: readonly { status: string; fullName: string }[] }[];
    };
    const failed = testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter((of) => of.status === 'failed'),
    );
    expect({ failed: failed.map(({ fullName }) => fullName), status }, stderr).toEqual({ failed: [], status: 0 });
    expect(testResults.map(({ name }) => relative(tree, name)).sort()).toEqual([...tests].sort());
  });

  it('negative control: an engine under which nothing ends does not pass the suite of engines', () => {
    const path = join(tree, 'src/outbox/acme/acme-outbox.ts');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, `${text}\nAcmeOutbox.prototype.settle = () => undefined;\n`);
    const { stdout, status } = run('node_modules/vitest/vitest.mjs', 'run', 'test/outbox/contract.test.ts');
    writeFileSync(path, text);
    expect(status).not.toBe(0);
    expect(stdout).toContain('the outbox engine of Acme');
  });

  it('lead to a platform that the configuration and the editor know', () => {
    const schema = readFileSync(join(tree, 'config/schema.json'), 'utf8');
    expect(schema).toContain('"acme"');
    expect(schema).toContain('not told the language');
  });
});
