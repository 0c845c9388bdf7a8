import { globSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { UserWorkspaceConfig } from 'vitest/config';
import config from '../vitest.config.ts';
import { projects, reached } from './projects.ts';

const ROOT = join(import.meta.dirname, '..');
const ALL = globSync('test/**/*.test.ts', { cwd: ROOT, exclude: ['**/node_modules/**'] }).sort();

describe('the projects of the tests', () => {
  it('have every test file once', () => {
    const found = (config.test?.projects ?? []).map((project) => {
      const { name, include = [], exclude = [] } = (project as UserWorkspaceConfig).test ?? {};
      const matches = (globs: readonly string[], file: string) => globs.some((glob) => matchesGlob(file, glob));
      return [name, ALL.filter((file) => matches(include, file) && !matches(exclude, file))] as const;
    });
    expect(found.flatMap(([, files]) => files).sort()).toEqual(ALL);
    expect(Object.fromEntries(found)).toEqual(projects());
  });

  it('are told by what a file reaches', () => {
    const { unit, process, browser, search, torture, package: packages, runtimes } = projects();
    expect(unit).toContain('test/consent/cookiebot.test.ts');
    expect(search).toContain('test/canary/canary.test.ts');
    expect(search).toContain('test/consent/tcf-string.test.ts');
    expect(process).toContain('test/cli/main.test.ts');
    expect(process).toContain('test/platform/workers.test.ts');
    expect(browser).toContain('test/browser/choices.test.ts');
    expect(torture).toContain('test/torture/kill.test.ts');
    expect(packages).toContain('test/package/package.test.ts');
    expect(runtimes).toContain('test/runtimes/hosts.test.ts');
  });

  const sources: Readonly<Record<string, string>> = {
    'test/a.test.ts': "import { b } from './b.ts';\nimport type { T } from './t.ts';",
    'test/b.ts': "import {\n  c,\n} from '../src/c.ts';\nexport * from './a.test.ts';",
    'src/c.ts': "const late = () => import('node:child_process');",
    'test/t.ts': "import 'node:worker_threads';",
  };

  it('follow imports of every kind through files, but not of types', () => {
    expect([...reached('test/a.test.ts', (file) => sources[file] ?? '')]).toEqual(['node:child_process']);
  });
});
