import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { destinations } from '../destinations/index.ts';
import { importsOf, isPure, LAYERS, layerOf, modules, pathOf, roomOf, type Module } from '../scripts/architecture.ts';

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
  // Everything there is in it comes along with it, 64 KiB of a worker: `import * as z`.
  [/import \{ ?z ?\} from 'zod'/, '`z` as a whole'],
  // What can be decided when the configuration loads is a value of the configuration. A module that remembers it decides
  // it at the first hit.
  [/^(?:export )?const \w+(?:: (?:Weak)?Map<[^\n]*>)? = new (?:Weak)?Map\b[^;\n]*\(\);/m, 'a cache of its own'],
];

/** What `npm run gen` writes from the folders of destinations. */
const IDENTIFIER_TABLE = 'destinations/identifiers.ts';
const REGISTRY: readonly string[] = ['destinations/index.ts', IDENTIFIER_TABLE];
/** Below the configuration only these import the identifiers of vendors, and nothing else of the vendors. */
const KNOW_IDENTIFIERS: ReadonlySet<string> = new Set(['src/protocols', 'src/privacy', 'src/cookies', 'src/policy']);

const BROWSERS = "it is in the text of a script that runs in the visitor's browser";

/** What would be a violation, and why it is none. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'src/consent/bridge.ts: uses Date.now': BROWSERS,
  'src/protocols/json/tag-text.ts: uses fetch': BROWSERS,
  'src/protocols/json/tag-text.ts: uses timers': BROWSERS,
  'src/protocols/json/tag-text.ts: uses crypto': BROWSERS,
  'src/protocols/json/tag-text.ts: uses performance.now': BROWSERS,
  'src/http/preview-page.ts: uses a cache of its own': BROWSERS,
  'src/policy/field-set.ts: uses a cache of its own':
    'which sets of fields there are is known from stored events alone, those of older configurations included',
  'src/demo/cluster/brokers.ts: uses vm or child_process': 'it starts the brokers of the demo',
  'src/demo/cluster/gateways.ts: uses vm or child_process':
    'it starts this very program again, as the gateways of the demo',
  'src/runtimes/node/process/member.ts: uses vm or child_process':
    'it starts this very program again, and nothing else',
};

const root = join(import.meta.dirname, '..');

/** Source without its comments, so that prose may name what code may not. */
function code(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|[\s;{}(,])\/\/.*$/gm, '$1');
}

/** What a module does that its layer does not allow. */
function violations(module: Module): string[] {
  const { path, text } = module;
  const room = roomOf(path);
  if (room === undefined) return [`${path}: in no layer`];
  const found: string[] = [];
  for (const [pattern, name] of NOWHERE) if (pattern.test(code(text))) found.push(`${path}: uses ${name}`);
  for (const target of importsOf(text)) {
    if (!target.startsWith('.')) {
      if (isPure(room) && target.startsWith('node:')) found.push(`${path}: imports ${target}`);
      if (room === 'destinations' && !['zod'].includes(target)) found.push(`${path}: imports ${target}`);
      continue;
    }
    const to = pathOf(module, target);
    const toRoom = roomOf(to);
    if (toRoom === undefined) {
      if (!to.endsWith('package.json')) found.push(`${path}: imports ${to}, which is in no layer`);
    } else if (room === 'destinations') {
      const sameVendor = to.split('/')[1] === path.split('/')[1];
      const registry = REGISTRY.includes(path) && toRoom === 'destinations';
      const rows = path.endsWith('/identifiers.ts') && !REGISTRY.includes(path);
      if ((rows || (!sameVendor && !registry)) && toRoom !== 'src/core') found.push(`${path}: imports ${to}`);
    } else if (to === IDENTIFIER_TABLE && KNOW_IDENTIFIERS.has(room)) {
      continue;
    } else if (toRoom === 'destinations' && isPure(room)) {
      found.push(`${path}: imports ${to}: only the configuration and what is above it know the vendors`);
    } else if (toRoom !== room && layerOf(toRoom) >= layerOf(room)) {
      found.push(`${path}: imports ${to}, which is ${layerOf(toRoom) > layerOf(room) ? 'above' : 'beside'} it`);
    }
  }
  if (isPure(room)) {
    const body = code(text);
    for (const [pattern, name] of FORBIDDEN) if (pattern.test(body)) found.push(`${path}: uses ${name}`);
  }
  return found;
}

/** Files that import each other in a circle, types apart. */
function circle(all: readonly Module[]): string[] | undefined {
  const graph = new Map(
    all.map((module) => [
      module.path,
      importsOf(code(module.text.replaceAll(/\bimport type [^;]*;/g, '')))
        .filter((target) => target.startsWith('.'))
        .map((target) => pathOf(module, target)),
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

/** What a file exports: functions, types, classes and constants of its own. */
const EXPORTS = /^export (?:abstract |async )?(?:function\*?|class|interface|type|const) ([A-Za-z_$][\w$]*)/gm;
/** One of several that stand side by side: a name in each of them means the same of each. */
const VARIANT = /^(destinations|src\/protocols|src\/outbox|src\/runtimes)\/[\w-]+\/|^(src\/cli)\//;

/** Names that two files export, unless they say the same of vendors, protocols, engines, runtimes or commands. */
function ambiguous(all: readonly Module[]): string[] {
  const files = Map.groupBy(
    all.flatMap(({ path, text }) => [...text.matchAll(EXPORTS)].map(([, name = '']) => ({ name, path }))),
    ({ name }) => name,
  );
  return [...files].flatMap(([name, found]) => {
    const places = new Set(found.map(({ path }) => VARIANT.exec(path)?.slice(1).join('') ?? path));
    const variants = new Set(found.map(({ path }) => (path.startsWith('src/cli/') ? path : VARIANT.exec(path)?.[0])));
    const alike = places.size === 1 && variants.size === found.length;
    return found.length === 1 || alike ? [] : [`${name}: ${found.map(({ path }) => path).join(', ')}`];
  });
}

describe('architecture', () => {
  const all = [...modules('src'), ...modules('destinations')];

  it('reads a real tree', () => {
    expect(all.length).toBeGreaterThan(50);
  });

  it('imports go down the layers only, and the lower ones use web standards only', () => {
    expect(all.flatMap(violations).filter((found) => !(found in EXCEPTIONS))).toEqual([]);
  });

  it('says in one place what is where', () => {
    expect(new Set(all.map(({ path }) => roomOf(path)))).toEqual(new Set(LAYERS.flat()));
  });

  it('has no exception that is no longer needed', () => {
    const found = all.flatMap(violations);
    expect(Object.keys(EXCEPTIONS).filter((exception) => !found.includes(exception))).toEqual([]);
  });

  it('has no circle of value imports', () => {
    expect(circle(all)).toBeUndefined();
  });

  it('has one meaning for each exported name', () => {
    expect(ambiguous(all)).toEqual([]);
  });

  it('says beside each exception from the limits of length why it is one', () => {
    const without = all.filter(({ text }) => /oxlint-disable(?:-next-line)? max-(?!.*? -- \w)/.test(text));
    expect(without.map(({ path }) => path)).toEqual([]);
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
      ['an import beside', { path: 'src/config/x.ts', text: "import { a } from '../delivery/drain.ts';" }, 'beside it'],
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
        { path: 'src/runtimes/node/x.ts', text: "import { spawn } from 'node:child_process';" },
        'child_process',
      ],
      [
        'a module that compiles at the first hit',
        { path: 'src/consent/x.ts', text: 'const made = new WeakMap<Site, Plan>();' },
        'a cache of its own',
      ],
      [
        'the same by a name',
        { path: 'destinations/meta/x.ts', text: 'const made: Map<string, () => void> = new Map();' },
        'a cache of its own',
      ],
      ['a folder nobody has placed', { path: 'src/extra/x.ts', text: '' }, 'in no layer'],
    ];

    it.each(planted)('%s', (_, module, expected) => {
      expect(violations(module).join('\n')).toContain(expected);
    });

    it('a name with two meanings', () => {
      const text = 'export interface Reading {}';
      const found = (...paths: readonly string[]) => ambiguous(paths.map((path) => ({ path, text })));
      expect(found('src/consent/a.ts', 'src/protocols/hit.ts')).toEqual([
        'Reading: src/consent/a.ts, src/protocols/hit.ts',
      ]);
      expect(found('destinations/meta/a.ts', 'src/core/a.ts')).toHaveLength(1);
      expect(found('destinations/meta/a.ts', 'destinations/meta/b.ts')).toHaveLength(1);
      expect(found('destinations/meta/a.ts', 'destinations/ga4/a.ts')).toEqual([]);
      expect(found('src/cli/a.ts', 'src/cli/b.ts')).toEqual([]);
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
