import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporary } from '../support/serve.ts';
import { CONFIG_AT, tryForm } from './form.ts';
import { absent, deployed, program } from './programs.ts';

// deploy/systemd: systemd's own checkers, and the command of the unit run as it is written.

const UNIT = deployed('systemd/portvakt.service');
const text = readFileSync(UNIT, 'utf8');
const NODE = '/usr/bin/node';

/** Values of a key, in order. */
const values = (key: string): string[] =>
  [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);

describe.skipIf(absent('systemd-analyze'))('the unit, asked of systemd', () => {
  /** The unit, with a program that is here in place of the one it starts. */
  const here = (): string => {
    const file = join(temporary(), basename(UNIT));
    writeFileSync(file, text.replace(`ExecStart=${NODE} `, `ExecStart=${process.execPath} `));
    return file;
  };
  const asked = (...args: string[]) => spawnSync(program('systemd-analyze'), args, { encoding: 'utf8' });

  it('has nothing to be said about', () => {
    const { status, stdout, stderr } = asked('verify', '--man=no', here());
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });

  it('is exposed to 1.5 of 10 at most: what is left is the network and compiling at run time', () => {
    const { status, stdout } = asked('security', '--offline=true', '--no-pager', '--threshold=15', here());
    expect([status, stdout.slice(-200)]).toEqual([0, expect.stringContaining('exposure level')]);
  });
});

describe('the command of the unit', () => {
  const [start = ''] = values('ExecStart');
  const [node, semiSpace = '', main, ...args] = start.split(' ');
  const env = Object.fromEntries(
    values('Environment')
      .flatMap((line) => line.split(' '))
      .map((pair) => pair.split('=') as [string, string]),
  );

  it('starts the installed package as the image does', () => {
    const dockerfile = readFileSync(deployed('../Dockerfile'), 'utf8');
    expect([node, main]).toEqual([NODE, '/opt/portvakt/node_modules/portvakt/dist/main.js']);
    const manifest = JSON.parse(readFileSync(deployed('../package.json'), 'utf8')) as { bin: { portvakt: string } };
    expect(main).toBe(`/opt/portvakt/node_modules/portvakt/${manifest.bin.portvakt}`);
    expect(dockerfile).toContain(`"${semiSpace}"`);
    expect(dockerfile).toContain(`ENV MALLOC_ARENA_MAX=${env['MALLOC_ARENA_MAX']}`);
  });

  it('has its data where the unit lets it write', () => {
    expect(args).toContain(join('/var/lib', values('StateDirectory')[0] ?? ''));
  });

  it('serves, and delivers a hit', { timeout: 120_000 }, async () => {
    const config = readFileSync(deployed('gateway.yaml'), 'utf8');
    expect(args[1]).toBe(CONFIG_AT);
    await tryForm(
      { args, env: { ...env, GA4_API_SECRET: 'a secret' }, config, node: [semiSpace] },
      '/var/lib/portvakt',
    );
  });
});
