import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

// Comments, tests and documents name sections of docs/spec and requirements by number. Each of them can be opened.

const root = join(import.meta.dirname, '../..');
const text = (file: string) => readFileSync(join(root, file), 'utf8');

/** A section number: `3`, `3a`, `2.10`, `A`, `A.3`. */
const SECTION = String.raw`(?:\d+[a-z]?(?:\.\d+)?|[A-D](?:\.\d+)?)(?![\w])`;
/** What follows the name of a document: `2, 3.5`, `5 and 8`, `2-7`, `0, rule 4`. */
const PLACES = `((?:${SECTION})(?:(?:-|, +| +and +)${SECTION})*)(?:, +rule +(\\d+))?`;

const SHEET = new RegExp(
  `(?<![\\w/.-])(destinations/|protocols/|consent/)?([A-Za-z][\\w-]*)\\.md(?:[ ,]+${PLACES})?`,
  'g',
);
const DESIGN = new RegExp(`(?<![\\w/.-])design +${PLACES}`, 'g');
/** Not the ids of cases in JSON, which look like it: `"R12"`, `"R01"`. */
const REQUIREMENT = /(?<![\w/+=."])R[1-9]\d{0,2}(?![\w/+=])/g;

/** The places of a specification page that can be named: numbers of its headings, rules, requirements. */
function placesOf(markdown: string): ReadonlySet<string> {
  const numbers = markdown.matchAll(new RegExp(`^#{2,4} (${SECTION})\\.? `, 'gm'));
  const words = markdown.matchAll(/^#{2,4} (R\d+|Rule \d+)(?=:|$)/gm);
  return new Set([...numbers, ...words].map(([, place = '']) => place));
}

const SPEC: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  [
    ...['destinations', 'protocols'].flatMap((folder) =>
      readdirSync(join(root, 'docs/spec', folder)).map((file) => `${folder}/${file}`),
    ),
    'consent.md',
    'design.md',
  ]
    .concat('requirements.md')
    .map((file) => [file.replace('.md', ''), placesOf(text(`docs/spec/${file}`))]),
);

/** Text in one line, every character where it was: comments go on over several lines, and names stand in backticks. */
function joined(source: string): string {
  return source.replaceAll(/\n[ \t]*(?:\*(?!\/)|\/\/|#)?/g, (gap) => ' '.repeat(gap.length)).replaceAll('`', ' ');
}

interface Reference {
  readonly at: number;
  /** A page of docs/spec without `.md`. */
  readonly page: string;
  /** None: the page as a whole. */
  readonly places: readonly string[];
}

function* references(source: string): Generator<Reference> {
  const line = joined(source);
  const places = (list: string | undefined, rule: string | undefined) => [
    ...(list?.match(new RegExp(SECTION, 'g')) ?? []),
    ...(rule === undefined ? [] : [`Rule ${rule}`]),
  ];
  for (const { index, 1: folder, 2: name = '', 3: list, 4: rule } of line.matchAll(SHEET)) {
    const page =
      folder === undefined && SPEC.has(`destinations/${name}`) ? `destinations/${name}` : (folder ?? '') + name;
    if (folder !== undefined || list !== undefined) yield { at: index, page, places: places(list, rule) };
  }
  for (const { index, 1: list, 2: rule } of line.matchAll(DESIGN)) {
    yield { at: index, page: 'design', places: places(list, rule) };
  }
  for (const { index, 0: requirement } of line.matchAll(REQUIREMENT)) {
    yield { at: index, page: 'requirements', places: [requirement] };
  }
}

/** What is named and is not there, as `<line>: <page> <place>`. */
function dead(source: string): string[] {
  const found: string[] = [];
  for (const { at, page, places } of references(source)) {
    const there = SPEC.get(page);
    const missing = there === undefined ? [page] : places.filter((place) => !there.has(place));
    const line = source.slice(0, at).split('\n').length;
    for (const place of missing) found.push(`${line}: ${place === page ? page : `${page} ${place}`}`);
  }
  return found;
}

const FOLDERS = /^(?:src|destinations|test|docs|scripts|bench|config|deploy)\/|^[^/]+\.md$|^Dockerfile$/;
const FILES = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .stdout.split('\n')
  .filter((file) => FOLDERS.test(file) && /\.(?:ts|js|md|ya?ml|json)$|Dockerfile$/.test(file))
  // This file names what is not there.
  .filter((file) => file !== 'test/docs/references.test.ts');

describe('references to the specification', () => {
  it('lead somewhere', () => {
    expect(FILES.flatMap((file) => dead(text(file)).map((one) => `${file}:${one}`))).toEqual([]);
  });

  it('are found in all the ways they are written', () => {
    const all = FILES.flatMap((file) => [...references(text(file))]);
    const pages = new Set(all.map(({ page }) => page));
    expect([...SPEC.keys()].filter((page) => !pages.has(page))).toEqual([]);
    expect(all.length).toBeGreaterThan(600);
    const written =
      'R7, `destinations/ga4.md` 2.3,\n * `meta.md` 4.1 and 9; design 3, 3a; consent.md 0, rule 4 (microsoft.md A.3)';
    expect([...references(written)].map(({ page, places }) => [page, ...places])).toEqual([
      ['destinations/ga4', '2.3'],
      ['destinations/meta', '4.1', '9'],
      ['consent', '0', 'Rule 4'],
      ['destinations/microsoft', 'A.3'],
      ['design', '3', '3a'],
      ['requirements', 'R7'],
    ]);
  });

  it.each([
    ['/** `destinations/meta.md` 4.1. */', []],
    ['/** `destinations/meta.md` 99. */', ['1: destinations/meta 99']],
    ['// Cookies (`ga4.md` 7,\n// `meta.md` 6 and 6.7).', ['2: destinations/meta 6.7']],
    ['destinations/nobody.md', ['1: destinations/nobody']],
    ['`protocols/google-paths.md` 1, 9', ['1: protocols/google-paths 9']],
    ['`nobody.md` 3', ['1: nobody']],
    ['consent/README.md 1', ['1: consent/README']],
    ['consent.md 0, rule 44', ['1: consent Rule 44']],
    ['design 3, 3z', ['1: design 3z']],
    ['R94, R95', ['1: requirements R95']],
    ['{ "id": "R95" }, { "id": "R01" }', []],
    ['https://example.com/nobody.md 3, docs/cookies.md, ../destinations/ga4/README.md', []],
  ])('and %j is told apart', (source, expected) => {
    expect(dead(source)).toEqual(expected);
  });
});

describe('the requirements', () => {
  it('are R1 to R94, each once and in order', () => {
    const headings = [...text('docs/spec/requirements.md').matchAll(/^### (R\d+)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(Array.from({ length: 94 }, (_, i) => `R${i + 1}`));
  });
});

describe('what is committed', () => {
  it('has no marks that a merge left', () => {
    // Put together here, so that this file has none.
    const mark = `^(${'<'.repeat(7)}|${'>'.repeat(7)}) `;
    const found = spawnSync('git', ['grep', '-nE', mark], { cwd: root, encoding: 'utf8' });
    expect([found.status, found.stdout]).toEqual([1, '']);
    const hit = spawnSync('grep', ['-cE', mark], { input: `a\n${'<'.repeat(7)} HEAD\n`, encoding: 'utf8' });
    expect(hit.stdout.trim()).toBe('1');
  });
});
