import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Plugin } from 'rolldown';
import { buildWorker } from '../../scripts/worker.ts';
import { run as build } from '../../src/cli/build.ts';
import { temporary } from '../support/serve.ts';
import { missing, ROOT, wrangler } from './engines.ts';

/** What was said on stdout and stderr. */
let said: string[] = [];
beforeEach(() => {
  said = [];
  for (const stream of ['log', 'error'] as const)
    vi.spyOn(console, stream).mockImplementation((text: string) => void said.push(text));
});
afterEach(() => vi.restoreAllMocks());

const shop = (more = '') => `sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}" }
${more}`;

async function builds(config: string, ...args: readonly string[]): Promise<{ code: number; out: string }> {
  const out = temporary();
  const file = join(out, 'gateway.yaml');
  writeFileSync(file, config);
  return { code: await build([file, '--target', 'workers', '--out', out, ...args]), out };
}

const read = (out: string, file: string): string => readFileSync(join(out, file), 'utf8');
const settings = (out: string): Record<string, never> =>
  JSON.parse(read(out, 'wrangler.jsonc').replaceAll(/^\/\/.*$/gm, '')) as Record<string, never>;

/** Leaves out every other destination. The result is only weighed and never run. */
const onlyWith = (folders: readonly string[]): Plugin => ({
  name: 'only with',
  transform(code, id) {
    if (!/\/destinations\/(?:index|identifiers)\.ts$/.test(id)) return null;
    const others = /^import (?:\{ identifiers as )?(\w+)(?: \})? from '\.\/([\w-]+)\/\w+\.ts';$/gm;
    return code.replaceAll(others, (line, name: string, folder: string) =>
      folders.includes(folder) ? line : `const ${name} = [];`,
    );
  },
});

describe('portvakt build --target workers', () => {
  it('writes all that a deployment needs, and says what comes next', async () => {
    const { code, out } = await builds(shop());
    expect(code).toBe(0);
    const hash = createHash('sha256')
      .update(readFileSync(join(out, 'worker.js')))
      .digest('hex');
    expect(said.join('\n')).toContain(`worker.js sha256 ${hash}`);
    expect(said.at(-1)).toMatch(/^next: cd \S+ && npx wrangler deploy --secrets-file \.secrets\.env$/);
    expect(said.join('\n')).toContain('GA4_API_SECRET');
    expect(settings(out)).toMatchObject({
      main: 'worker.js',
      workers_dev: false,
      migrations: [{ new_sqlite_classes: ['OutboxObject'] }],
      vars: { PORTVAKT_JURISDICTION: 'eu' },
      observability: { logs: { invocation_logs: false } },
    });
    expect(settings(out)['routes']).toContain('shop.example.no/g/*');
    expect(settings(out)).not.toHaveProperty('compatibility_flags');
  });

  it('keeps secrets apart, to their owner, and never makes another key', async () => {
    const { out } = await builds(shop());
    expect(statSync(join(out, '.secrets.env')).mode & 0o777).toBe(0o600);
    expect(read(out, '.gitignore')).toContain('.secrets.env');
    const before = read(out, '.secrets.env');
    expect(before).toMatch(/^PORTVAKT_ROOT_KEY=[0-9a-f]{64}$/m);
    for (const file of ['config.js', 'wrangler.jsonc', 'README.md', 'worker.js'])
      expect(read(out, file)).not.toContain(/PORTVAKT_ROOT_KEY=(\w+)/.exec(before)?.[1]);
    expect(await build([join(out, 'gateway.yaml'), '--target', 'workers', '--out', out, '--force'])).toBe(0);
    expect(read(out, '.secrets.env')).toBe(before);
  });

  it('takes the key of a data directory', async () => {
    const data = temporary();
    writeFileSync(join(data, 'root.key'), Buffer.alloc(32, 7));
    const { out } = await builds(shop(), '--data', data);
    expect(read(out, '.secrets.env')).toContain(`PORTVAKT_ROOT_KEY=${'07'.repeat(32)}\n`);
  });

  it('writes nothing over what is there', async () => {
    const { out } = await builds(shop());
    await expect(build([join(out, 'gateway.yaml'), '--target', 'workers', '--out', out])).rejects.toThrow('--force');
  });

  it('names the zone where it is told, and refuses hosts outside it', async () => {
    const { out } = await builds(shop(), '--zone', 'example.no', '--jurisdiction', 'none');
    expect(settings(out)['routes']).toContainEqual({ pattern: 'shop.example.no/g/*', zone_name: 'example.no' });
    expect(settings(out)).not.toHaveProperty('vars');
    await expect(builds(shop(), '--zone', 'example.com')).rejects.toThrow('shop.example.no: not in the zone');
  });

  it('asks for no jurisdiction where a site is for elsewhere', async () => {
    const { out } = await builds(shop().replace('country: NO', 'country: US'));
    expect(settings(out)).not.toHaveProperty('vars');
  });

  it.each([
    ['a secret in a file', shop().replace('"${GA4_API_SECRET}"', 'file:/run/secret'), ':7:', '${NAME_OF_A_SECRET}'],
    [
      'ids that are replaced',
      shop().replace('    destinations:', '    privacy: { referrer: none, replaced_ids: {} }\n    destinations:'),
      ':6:',
      'replaced_ids',
    ],
    ['an outbox of more than an object can hold', shop('delivery: { max_size: 11GB }\n'), ':8:', '10GB or less'],
    ['a queue that nothing can be taken out of', shop('delivery: { outbox: queues }\n'), ':8:', 'withdrawal'],
  ])('refuses %s, with its line, its column, and what to write', async (_, config, line, words) => {
    const { code } = await builds(config);
    expect(code).toBe(2);
    expect(said.join('\n')).toMatch(new RegExp(`gateway\\.yaml${line}\\d+ error`));
    expect(said.join('\n')).toContain(words);
  });

  it('says what is weaker there', async () => {
    await builds(shop('limits: { per_client: 600 }\n'));
    expect(said.join('\n')).toMatch(/:8:\d+ note.*each instance/);
  });

  describe('is a worker whose size is bounded, packed', () => {
    const packed = (out: string): number => gzipSync(readFileSync(join(out, 'worker.js')), { level: 9 }).length / 1024;

    it('208 KiB with all destinations', async () => {
      const { out } = await builds(shop());
      expect(packed(out)).toBeLessThanOrEqual(208);
    });

    // 150 were wanted before there were five ways in (docs/runtimes.md, "Size").
    it('193 KiB with the first five', async () => {
      const out = temporary();
      await buildWorker(out, [onlyWith(['ga4', 'google-ads', 'linkedin', 'meta', 'microsoft-ads'])]);
      expect(packed(out)).toBeLessThanOrEqual(193);
    });
  });

  it.skipIf(missing(wrangler, 'wrangler'))('is taken by wrangler', async () => {
    const { out } = await builds(readFileSync(join(ROOT, 'config/gateway.yaml'), 'utf8'));
    const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true', HOME: out };
    const args = [
      wrangler as string,
      'deploy',
      '--dry-run',
      '--secrets-file',
      '.secrets.env',
      '--outdir',
      join(out, 'dry'),
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: out, env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('ERROR')]);
    expect(stdout).toContain('--dry-run: exiting now.');
    expect(stdout).toContain('OUTBOX');
  });
});
