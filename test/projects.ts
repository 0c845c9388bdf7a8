import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Modules that start something: a test file that imports one of them, directly or not, is not in the fast project. */
const STARTERS = /^(?:node:)?(?:child_process|worker_threads|cluster)$/;
const BROWSERS = /^playwright/;
/** A file that puts something else in the place of a module. `unit` and `search` load each module once for all of their files. */
const REPLACES = /^vi\.mock\(/m;
/** `from '...'`, `import '...'` and `import('...')`, in one pass; what is imported as a type only is nothing at run time. */
const IMPORTS = /^(?:import|export) (?!type )[^'";]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;

type Name = 'unit' | 'process' | 'browser' | 'search' | 'torture' | 'package' | 'runtimes';

/** Projects that are folders. */
const FOLDERS = ['torture', 'package', 'runtimes'] as const;

/** What tries thousands of inputs, or the same work hundreds of times: most of the time of all tests that start nothing. */
const SEARCHES: readonly RegExp[] = [
  /^test\/(?:canary|support)\//,
  /^test\/config\/(?:load|slips)\.test\.ts$/,
  /^test\/consent\/(?:cost|json|mutations|tcf-string)\.test\.ts$/,
  /^test\/(?:cookies\/lifetime|delivery\/(?:egress-pipeline|outcomes)|destinations\/skips)\.test\.ts$/,
  /^test\/(?:faults\/malformed|presets\/promises|privacy\/(?:rare|replaced-id|scrub|url))\.test\.ts$/,
];

/** What waits for sockets and for time limits, most of its time. */
const WAITS = /^test\/platform\/send\.test\.ts$/;

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Everything a file imports from outside the repository, through all files it imports from inside. */
export function reached(file: string, read = readSource): ReadonlySet<string> {
  const outside = new Set<string>();
  const seen = new Set<string>();
  const waiting = [normalize(file)];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const [, from, bare, dynamic] of read(next).matchAll(IMPORTS)) {
      const name = from ?? bare ?? dynamic ?? '';
      if (!name.startsWith('.')) outside.add(name);
      else if (name.endsWith('.ts')) waiting.push(join(dirname(next), name));
    }
  }
  return outside;
}

/**
 * The test files of each project, exactly one project a file. `torture`, `package` and `runtimes` are folders, `browser` is
 * what opens one, `process` what starts processes or threads, waits for sockets or replaces modules, `search` what tries
 * very many inputs, `unit` all the rest.
 */
export function projects(): Record<Name, readonly string[]> {
  const files = globSync('test/**/*.test.ts', { cwd: ROOT, exclude: ['**/node_modules/**'] }).sort();
  return Object.assign(
    { unit: [], process: [], browser: [], search: [], torture: [], package: [], runtimes: [] },
    Object.groupBy(files, projectOf),
  );
}

function projectOf(file: string): Name {
  for (const name of FOLDERS) if (file.startsWith(`test/${name}/`)) return name;
  if (WAITS.test(file) || REPLACES.test(readSource(file))) return 'process';
  if (SEARCHES.some((search) => search.test(file))) return 'search';
  const outside = [...reached(file)];
  if (outside.some((name) => BROWSERS.test(name))) return 'browser';
  return outside.some((name) => STARTERS.test(name)) ? 'process' : 'unit';
}

const sources = new Map<string, string>();

function readSource(file: string): string {
  let text = sources.get(file);
  if (text === undefined) {
    const path = join(ROOT, file);
    text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    sources.set(file, text);
  }
  return text;
}
