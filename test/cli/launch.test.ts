import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

// A Node that is too old for the program (engines of package.json): the start prints this and ends with 2.

const root = join(import.meta.dirname, '../..');
const LAUNCHER = join(root, 'src/cli/launch.js');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  engines: { node: string };
  scripts: Record<string, string>;
};

function run(node: string, args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(node, args, { cwd: root, encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** The launcher under a Node that says it is another one. */
function pretending(version: string): ReturnType<typeof run> {
  const lie = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;
  return run(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(lie)}`, LAUNCHER, '--version']);
}

const OLD = ['/usr/local/bin/node', '/usr/bin/node', '/opt/node/bin/node'].filter(
  (path) =>
    existsSync(path) && Number(/^v(\d+)/.exec(spawnSync(path, ['-v'], { encoding: 'utf8' }).stdout)?.[1] ?? 99) < 24,
);

it.each(['8.17.0', '18.20.4', '20.20.2', '22.21.0', '24.11.1'])('Node %s is told which one is needed', (version) => {
  const done = pretending(version);
  expect(done.status).toBe(2);
  expect(done.stdout).toBe('');
  expect(done.stderr).toMatch(/portvakt needs Node 24\.12 or newer/);
  expect(done.stderr).toContain(version);
});

it.each(['24.12.0', '25.0.0', '26.10.0'])('Node %s runs the program', (version) => {
  expect(pretending(version)).toMatchObject({ status: 0, stderr: '' });
});

it.skipIf(OLD.length === 0).each(OLD)('a real one, %s, is told', (node) => {
  const done = run(node, [LAUNCHER, 'lint', 'config/gateway.yaml']);
  expect(done.status).toBe(2);
  expect(done.stderr).toContain('portvakt needs Node 24.12 or newer');
});

it('passes arguments and exit codes on', () => {
  expect(run(process.execPath, [LAUNCHER, 'lnit'])).toMatchObject({ status: 2, stdout: '' });
  expect(run(process.execPath, [LAUNCHER, 'lint', 'config/gateway.yaml']).status).toBe(0);
});

it('is what the scripts and the package start, and says the version the package asks for', () => {
  expect(manifest.scripts['portvakt']).toBe('node src/cli/launch.js');
  expect(readFileSync(join(root, 'scripts/build.ts'), 'utf8')).toContain("main: 'src/cli/launch.js'");
  const needed = /NEEDED = \[(\d+), (\d+)\]/.exec(readFileSync(LAUNCHER, 'utf8'));
  expect(manifest.engines.node).toBe(`>=${needed?.[1]}.${needed?.[2]}`);
});

it('has only syntax that every Node reads', () => {
  const code = readFileSync(LAUNCHER, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^#!.*|^\s*\/\/.*/gm, '');
  expect(code).not.toMatch(/\b(const|let|class|async|await|of)\b|=>|`|\?\.|\?\?|\.\.\.|^\s*(import|export)\s/m);
});
