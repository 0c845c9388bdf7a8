import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scrub } from '../../src/privacy/pii/scrub.ts';

// The recipe "a vendor with a click id" of CONTRIBUTING, walked: a folder is added to a copy of the project, the generator
// runs, and nothing else is touched.

const root = join(import.meta.dirname, '../..');
const FIXTURE = join(root, 'test/fixtures/acme-ads');
const FOLDER = 'destinations/acme-ads';
const COPIED = ['src', 'destinations', 'scripts', 'tag', 'test', 'config', 'docs', 'package.json', 'CONTRIBUTING.md'];
const CONFIGS = ['tsconfig.base.json', 'tsconfig.neutral.json', 'tsconfig.json'];
/** What tests install for themselves: some hundred megabytes that are no part of the project. */
const INSTALLED: ReadonlySet<string> = new Set(['node_modules', '.venv']);
const DAY = 86_400;

const copies: string[] = [];
afterAll(() => {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
});

function copyOfProject(): string {
  const copy = mkdtempSync(join(tmpdir(), 'recipe-'));
  copies.push(copy);
  for (const part of [...COPIED, ...CONFIGS])
    cpSync(join(root, part), join(copy, part), { recursive: true, filter: (path) => !INSTALLED.has(basename(path)) });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** Every file of a copy with its text. */
function filesOf(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const part of COPIED.filter((name) => !name.includes('.'))) {
    for (const entry of readdirSync(join(folder, part), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(relative(folder, path), readFileSync(path, 'utf8'));
    }
  }
  return files;
}

function run(folder: string, ...command: string[]): string {
  return execFileSync(process.execPath, command, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 24 });
}

interface Walk {
  fields: string[];
  landing: { set: string[]; sent: string; toGa4: string; subjects: string[] };
  later: { set: string[]; sent: string };
  old: { set: string[]; sent: string };
  refused: { set: string[]; withdrawn: string[]; sent: string };
  decisions: { verdict: string; removed: string[] }[];
  docs: string[];
  written: string;
  copied: string;
  json: { sent: string; repeating: string };
  canary: { leaks: number; sorts: string[]; seen: string[]; heldBack: object };
  planted: string[];
}

const walk = (folder: string): Walk => JSON.parse(run(folder, 'test/recipes/vendor-walk.ts')) as Walk;

describe('a vendor with a click id, a cookie of its own and hashed user data', () => {
  let copy: string;
  let before: Map<string, string>;
  let after: Map<string, string>;
  let written: readonly string[];
  let seen: Walk;

  beforeAll(() => {
    copy = copyOfProject();
    run(copy, 'scripts/gen.ts');
    before = filesOf(copy);
    cpSync(FIXTURE, join(copy, FOLDER), { recursive: true });
    written = run(copy, 'scripts/gen.ts').trim().replace('written: ', '').split(', ');
    after = filesOf(copy);
    seen = walk(copy);
  });

  it('changes nothing outside its folder but what the generator writes', () => {
    const changed = [...after].filter(([path, text]) => before.get(path) !== text).map(([path]) => path);
    const outside = changed.filter((path) => !path.startsWith(FOLDER));
    expect(outside.filter((path) => path.endsWith('.ts'))).toEqual([
      'destinations/identifiers.ts',
      'destinations/index.ts',
    ]);
    // Pages and the editor schema are written from the registry and the folders.
    expect(outside.sort()).toEqual(written.filter((path) => !path.startsWith(FOLDER)).sort());
    expect(outside.filter((path) => !path.endsWith('.ts'))).toEqual(
      expect.arrayContaining(['config/schema.json', 'docs/cookies.md']),
    );
    expect(after.get('docs/cookies.md')).toContain(
      "| `_acme_click` | the gateway on a landing page, or the site's tags (Acme) |",
    );
    expect([...before.keys()].filter((path) => !after.has(path))).toEqual([]);
  });

  it('is type-checked: its fields are known, and a field that nobody has declared is not', () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    run(copy, tsc, '--noEmit', '-p', 'tsconfig.neutral.json');
    const path = join(copy, FOLDER, 'index.ts');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('acme_browser: {},', 'acme_nobody: {},'));
    expect(() => run(copy, tsc, '--noEmit', '-p', 'tsconfig.neutral.json')).toThrow('tsconfig.neutral.json');
    writeFileSync(path, text);
  });

  it('has fields', () => {
    expect(seen.fields).toEqual(['acme_browser: identifier', 'acmeclid: click_id']);
  });

  it('captures the click id of a landing page, and keeps it capped', () => {
    const [set = ''] = seen.landing.set;
    expect(set).toMatch(/^_acme_click=ac\.\d{10}\.Klick-0042_x; Max-Age=\d+; Domain=example\.no/);
    expect(Number(/Max-Age=(\d+)/.exec(set)?.[1])).toBe(30 * DAY);
    expect(seen.landing.subjects).toContain('acmeclid:Klick-0042_x');
    const click = seen.later.set.find((one) => one.startsWith('_acme_click=')) ?? '';
    expect(Number(/Max-Age=(\d+)/.exec(click)?.[1])).toBe(10 * DAY);
    expect(seen.old.set.some((one) => one.startsWith('_acme_click=;'))).toBe(true);
    expect(seen.old.sent).not.toContain('Klick-0042_x');
  });

  it('forwards it with consent, to its vendor only', () => {
    expect(seen.landing.sent).toContain('\\"click\\":\\"Klick-0042_x\\"');
    expect(seen.later.sent).toContain('\\"click\\":\\"Klick-0042_x\\"');
    expect(seen.later.sent).toContain('\\"browser\\":\\"b-7f3a91c2d4\\"');
    expect(seen.later.sent).toContain('"stopped":null');
    expect(seen.landing.toGa4).toContain('purchase');
    expect(seen.landing.toGa4).not.toContain('Klick-0042_x');
  });

  it('sends user data hashed, and takes a parameter that repeats the id for what it is', () => {
    // printf 'kari@example.no' | sha256sum
    expect(seen.json.sent).toContain('6b3cf4ce611b5356d9ddd40ad789181b4d214c795498911751e048da74912bdb');
    expect(seen.json.repeating).toContain('acmeclid');
  });

  it('expires it on withdrawal, and finds what waits of its visitor', () => {
    expect(seen.refused.set.some((one) => one.startsWith('_acme_click=;') && one.includes('Max-Age=0'))).toBe(true);
    expect(seen.refused.set.some((one) => one.startsWith('_acme_b=;'))).toBe(true);
    expect(seen.refused.withdrawn).toContain('acmeclid:Klick-0042_x');
    expect(seen.refused.withdrawn).toContain('acme_browser:b-7f3a91c2d4');
    expect(seen.refused.sent).not.toContain('Klick-0042_x');
  });

  it('is in the cookie table and in the decision log', () => {
    expect(seen.docs).toHaveLength(2);
    expect(seen.docs[0]).toContain('the ad click that led to the site (`acmeclid`), for Acme Ads');
    expect(seen.decisions).toEqual([{ verdict: 'limited', removed: ['acme_browser', 'acmeclid'] }]);
  });

  it('is hunted in free text, in addresses and before the socket', () => {
    expect(seen.written).not.toMatch(/Fremd/);
    expect(seen.copied).not.toContain('Klick-0042_x');
    expect(JSON.parse(seen.later.sent)).toMatchObject({ addressCaught: expect.stringContaining('page') as string });
  });

  it('is hunted by the canary', () => {
    expect(seen.canary.sorts).toEqual([]);
    expect(seen.canary.leaks).toBe(0);
    expect(seen.canary.heldBack).toEqual({});
    expect(seen.canary.seen.sort()).toEqual([
      'acme_browser of a cookie raw -> acme_ads, full',
      'acme_browser of a cookie raw -> set-cookie, full',
      'acmeclid of a cookie raw -> acme_ads, full',
      'acmeclid of a cookie raw -> set-cookie, full',
      'acmeclid of a page raw -> acme_ads, full',
      'acmeclid of a page raw -> set-cookie, full',
    ]);
    expect(seen.planted).toContain('acmeclid of a page raw -> ga4');
  });

  it('negative control: without cookie and parameter nothing is captured, kept, removed or looked for', () => {
    const bare = copyOfProject();
    cpSync(FIXTURE, join(bare, FOLDER), { recursive: true });
    const path = join(bare, FOLDER, 'identifiers.ts');
    const rows = ['acmeclid', 'acme_browser'].map(
      (field) => `{ owner: 'Acme', signal: 'ad_storage', field: '${field}', description: 'an id' }`,
    );
    writeFileSync(
      path,
      `import type { Identifier } from '../../src/core/identifiers.ts';\n\nexport const identifiers: readonly Identifier[] = [${rows.join(', ')}] as never;\n`,
    );
    run(bare, 'scripts/gen.ts');
    const none = walk(bare);
    expect(none.landing.set).toEqual([]);
    expect(none.landing.sent).not.toContain('Klick-0042_x\\"');
    expect(none.later.sent).not.toContain('Klick-0042_x');
    expect(none.refused.set).toEqual([]);
    expect(none.refused.withdrawn).not.toContain('acmeclid:Klick-0042_x');
    expect(none.docs).toEqual([]);
    expect(none.decisions).toEqual([{ verdict: 'limited', removed: [] }]);
    expect(none.written).toContain('Fremd0002');
    expect(none.planted).toEqual([]);
  });

  it("negative control: a name that is in no row is nobody's", () => {
    expect(scrub('Krus acmethg=Fremd0001')).toBe('Krus acmethg=Fremd0001');
    expect(scrub('Krus gclid=Fremd0001')).not.toContain('Fremd0001');
  });
});
