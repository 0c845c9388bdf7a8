import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { destinations } from '../destinations/index.ts';

/** Layers of design 4: a file imports lower numbers, its own folder, or what `PEERS` allows. */
const LAYERS: Readonly<Record<string, number>> = {
  'src/core': 0,
  'src/protocols': 1,
  'src/consent': 1,
  'src/policy': 1,
  'src/privacy': 1,
  'src/cookies': 1,
  destinations: 1,
  'src/decide': 2,
  'src/config': 3,
  'src/delivery': 3,
  'src/http': 4,
  'src/platform': 5,
  'src/cli': 6,
  'src/demo': 6,
};

/** Layers 0-2 and destinations: web standards only. */
const NEUTRAL = 2;

const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/(?<![.\w])Buffer\b/, 'Buffer'],
  [/(?<![.\w])process\./, 'process'],
  [/(?<![.\w])fetch\(/, 'fetch'],
  [/(?<![.\w])set(Timeout|Interval|Immediate)\(/, 'timers'],
  [/\bDate\.now\b/, 'Date.now'],
  [/\bnew Date\(\)/, 'new Date()'],
  [/\bMath\.random\b/, 'Math.random'],
  [/(?<![.\w])(globalThis\.)?crypto\.\w/, 'crypto'],
  [/(?<![.\w])performance\.now\b/, 'performance.now'],
];

/** No code is made out of text, and no other program is started, anywhere (R79). */
const NOWHERE: readonly (readonly [RegExp, string])[] = [
  [/(?<![.\w])eval\(/, 'eval'],
  [/\bnew Function\(/, 'new Function'],
  [/['"](node:)?(vm|child_process)['"]/, 'vm or child_process'],
];

/** What `npm run gen` writes from the folders of destinations. */
const IDENTIFIER_TABLE = 'destinations/identifiers.ts';
const REGISTRY: readonly string[] = ['destinations/index.ts', IDENTIFIER_TABLE];
/** Below the configuration only these know the identifiers of vendors, and nothing else of them. */
const KNOW_IDENTIFIERS: ReadonlySet<string> = new Set(['src/protocols', 'src/privacy', 'src/cookies', 'src/policy']);

/** What would be a violation, and why it is none. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'src/consent/bridge.ts: uses Date.now': "it is in the text of a script that runs in the visitor's browser",
  'src/platform/node/workers.ts: uses vm or child_process': 'it starts this very program again, and nothing else',
};

const root = join(import.meta.dirname, '..');

interface Module {
  readonly path: string;
  readonly text: string;
}

function modules(folder: string): Module[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((full) => ({ path: relative(root, full).split(sep).join('/'), text: readFileSync(full, 'utf8') }));
}

/** The area a path belongs to: a key of LAYERS, or its vendor folder within `destinations`. */
function areaOf(path: string): string | undefined {
  return Object.keys(LAYERS).find((area) => path === area || path.startsWith(`${area}/`));
}

function layerOf(area: string | undefined): number {
  return LAYERS[area ?? ''] ?? Number.NaN;
}

/** Everything a module imports, statically or not, type imports included. */
function importsOf(text: string): string[] {
  const found = text.matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\(\s*)['"]([^'"]+)['"]/g);
  return [...found].flatMap((match) => match[1] ?? []);
}

/** Source without its comments, so that prose may name what code may not. */
function code(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|[\s;{}(,])\/\/.*$/gm, '$1');
}

/** What a module does that its layer does not allow. */
function violations({ path, text }: Module): string[] {
  const area = areaOf(path);
  if (area === undefined) return [`${path}: in no layer`];
  const layer = layerOf(area);
  const found: string[] = [];
  const neutral = layer <= NEUTRAL;
  for (const [pattern, name] of NOWHERE) if (pattern.test(code(text))) found.push(`${path}: uses ${name}`);
  for (const target of importsOf(text)) {
    if (!target.startsWith('.')) {
      if (neutral && target.startsWith('node:')) found.push(`${path}: imports ${target}`);
      if (area === 'destinations' && !['zod'].includes(target)) found.push(`${path}: imports ${target}`);
      continue;
    }
    const to = join(dirname(path), target).split(sep).join('/');
    const toArea = areaOf(to);
    if (toArea === undefined) {
      if (!to.endsWith('package.json')) found.push(`${path}: imports ${to}, which is in no layer`);
    } else if (area === 'destinations') {
      const sameVendor = to.split('/')[1] === path.split('/')[1];
      const registry = REGISTRY.includes(path) && toArea === 'destinations';
      const rows = path.endsWith('/identifiers.ts') && !REGISTRY.includes(path);
      if ((rows || (!sameVendor && !registry)) && toArea !== 'src/core') found.push(`${path}: imports ${to}`);
    } else if (toArea !== area && layerOf(toArea) > layer) {
      found.push(`${path}: imports ${to}, which is above it`);
    } else if (to === IDENTIFIER_TABLE && KNOW_IDENTIFIERS.has(area)) {
      continue;
    } else if (toArea === 'destinations' && layer < 3) {
      found.push(`${path}: imports ${to}: only the configuration and what is above it know the vendors`);
    }
  }
  if (neutral) {
    const body = code(text);
    for (const [pattern, name] of FORBIDDEN) if (pattern.test(body)) found.push(`${path}: uses ${name}`);
  }
  return found;
}

/** Folders of layer 1 import each other's types and helpers, but never in a circle (of files). */
function circle(all: readonly Module[]): string[] | undefined {
  const graph = new Map(
    all.map(({ path, text }) => [
      path,
      importsOf(code(text.replaceAll(/\bimport type [^;]*;/g, '')))
        .filter((target) => target.startsWith('.'))
        .map((target) => join(dirname(path), target).split(sep).join('/')),
    ]),
  );
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of graph.get(path) ?? []) {
      const found = walk(next, [...trail, path]);
      if (found !== undefined) return found;
    }
    done.add(path);
    return undefined;
  };
  for (const path of graph.keys()) {
    const found = walk(path, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

describe('architecture', () => {
  const all = [...modules('src'), ...modules('destinations')];

  it('reads a real tree', () => {
    expect(all.length).toBeGreaterThan(50);
    expect(new Set(all.map(({ path }) => areaOf(path)))).toContain('destinations');
  });

  it('imports go down the layers only, and the lower ones use web standards only', () => {
    expect(all.flatMap(violations).filter((found) => !(found in EXCEPTIONS))).toEqual([]);
  });

  it('has no exception that is no longer needed', () => {
    const found = all.flatMap(violations);
    expect(Object.keys(EXCEPTIONS).filter((exception) => !found.includes(exception))).toEqual([]);
  });

  it('has no circle of value imports below the HTTP layer', () => {
    expect(circle(all.filter(({ path }) => layerOf(areaOf(path)) <= 3))).toBeUndefined();
  });

  it('registers every folder of destinations under its own name', () => {
    const folders = readdirSync(join(root, 'destinations'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name.replaceAll('-', '_'));
    expect(Object.keys(destinations).sort()).toEqual(folders.sort());
  });

  describe('negative control: a planted fault is found', () => {
    const planted: readonly (readonly [string, Module, string])[] = [
      ['an import upwards', { path: 'src/core/x.ts', text: "import { a } from '../http/app.ts';" }, 'above it'],
      [
        'a type import upwards',
        { path: 'src/protocols/x.ts', text: "import type { A } from '../decide/trace.ts';" },
        'above it',
      ],
      ['a lazy import upwards', { path: 'src/config/x.ts', text: "await import('../cli/main.ts');" }, 'above it'],
      ['a re-export upwards', { path: 'src/core/x.ts', text: "export { a } from '../config/load.ts';" }, 'above it'],
      [
        'node in a neutral layer',
        { path: 'src/consent/x.ts', text: "import { readFileSync } from 'node:fs';" },
        'node:fs',
      ],
      [
        'a vendor that imports another',
        { path: 'destinations/meta/x.ts', text: "import a from '../ga4/index.ts';" },
        'destinations/ga4',
      ],
      [
        'a vendor that imports policy',
        { path: 'destinations/meta/x.ts', text: "import a from '../../src/policy/permit.ts';" },
        'src/policy',
      ],
      [
        'identifiers that bring the rest of their vendor along',
        { path: 'destinations/meta/identifiers.ts', text: "import { settings } from './settings.ts';" },
        'destinations/meta/settings.ts',
      ],
      [
        'consent knowing the identifiers of vendors',
        { path: 'src/consent/x.ts', text: "import { IDENTIFIERS } from '../../destinations/identifiers.ts';" },
        'know the vendors',
      ],
      ['a vendor with a package', { path: 'destinations/meta/x.ts', text: "import a from 'lru-cache';" }, 'lru-cache'],
      [
        'the decision knowing vendors',
        { path: 'src/decide/x.ts', text: "import a from '../../destinations/index.ts';" },
        'know the vendors',
      ],
      ['the clock', { path: 'src/privacy/x.ts', text: 'const now = Date.now();' }, 'Date.now'],
      ['chance', { path: 'destinations/meta/x.ts', text: 'const x = Math.random();' }, 'Math.random'],
      ['the network', { path: 'src/policy/x.ts', text: "await fetch('https://example.com');" }, 'fetch'],
      ['a timer', { path: 'src/cookies/x.ts', text: 'setTimeout(() => {}, 1);' }, 'timers'],
      ['Buffer', { path: 'src/core/x.ts', text: "const b = Buffer.from('');" }, 'Buffer'],
      ['the environment', { path: 'src/core/x.ts', text: 'const e = process.env;' }, 'process'],
      ['code made out of text', { path: 'src/cli/x.ts', text: "eval('1');" }, 'eval'],
      [
        'another program',
        { path: 'src/platform/node/x.ts', text: "import { spawn } from 'node:child_process';" },
        'child_process',
      ],
      ['a folder nobody has placed', { path: 'src/extra/x.ts', text: '' }, 'in no layer'],
    ];

    it.each(planted)('%s', (_, module, expected) => {
      expect(violations(module).join('\n')).toContain(expected);
    });

    it('a circle', () => {
      const found = circle([
        { path: 'src/consent/a.ts', text: "import { b } from '../privacy/b.ts';" },
        { path: 'src/privacy/b.ts', text: "import { a } from '../consent/a.ts';" },
      ]);
      expect(found).toContain('src/privacy/b.ts');
    });

    it('prose is let through', () => {
      expect(
        violations({
          path: 'src/core/x.ts',
          text: '// Date.now is forbidden here\n/** fetch( too */\nexport const a = 1;',
        }),
      ).toEqual([]);
    });
  });
});
