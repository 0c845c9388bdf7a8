import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { yaml } from '../config/support.ts';

const root = join(import.meta.dirname, '../..');
const CONFIG = join(root, 'config/gateway.yaml');

/** A command line in this process: what it printed, and the exit code. `input` stands in for a file given as `-`. */
async function portvakt(args: readonly string[], input = ''): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((text: string) => void out.push(text));
  const error = vi.spyOn(console, 'error').mockImplementation((text: string) => void err.push(text));
  try {
    const code = await main(args.map((arg) => (arg === '-' ? file('request.txt', input) : arg)));
    return { code, out: out.join('\n'), err: err.join('\n') };
  } finally {
    log.mockRestore();
    error.mockRestore();
  }
}

let folder = '';
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portvakt-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('exit codes (design 7.2)', () => {
  it.each([
    [['--help'], 0, 'lint'],
    [['--version'], 0, '0.'],
    [['lint', '--help'], 0, 'portvakt lint'],
    [['lint', CONFIG], 0, '0 errors'],
    [['test', join(root, 'config/presets/strict.test.yaml')], 0, 'cases hold'],
    [['docs', CONFIG], 0, '# What this gateway passes on'],
  ])('%j is fine', async (args, code, out) => {
    const done = await portvakt(args);
    expect(done.code).toBe(code);
    expect(done.out).toContain(out);
  });

  it.each([
    [[], ''],
    [['lnit', CONFIG], 'did you mean `lint`'],
    [['lint'], 'missing argument: config.yaml'],
    [['lint', '--jsn', CONFIG], 'did you mean --json'],
    [['lint', 'no-such-file.yaml'], 'there is no such file (ENOENT)'],
    [['lint', root], 'it is a folder'],
    [['explain', CONFIG, '-', '--entry', '5'], '--entry takes a number'],
    [['docs', CONFIG, 'more'], 'unexpected argument'],
    [['constructor'], 'unknown command'],
  ])('%j is unusable', async (args, err) => {
    const done = await portvakt(args, 'GET /g/collect?v=2 HTTP/1.1\nHost: metrics.example.no\n\n');
    expect(done.code).toBe(2);
    expect(done.err).toContain(err);
  });

  it('findings of lint are 1, on stdout, with file, line and column', async () => {
    const path = file('bad.yaml', yaml({ country: 'EU' }));
    const done = await portvakt(['lint', path]);
    expect(done.code).toBe(1);
    expect(done.out).toContain(`${path}:4:14 error[value]`);
    expect(done.out).toContain('write instead:');
    const [first] = JSON.parse((await portvakt(['lint', '--json', path])).out) as { line: number; kind: string }[];
    expect(first).toMatchObject({ line: 4, kind: 'error' });
  });

  it('lint --env names each secret that has no value here, where it stands, and no value of any', async () => {
    vi.stubEnv('PORTVAKT_TEST_SET', 'a-value-nobody-may-see');
    vi.stubEnv('PORTVAKT_TEST_EMPTY', ' ');
    const secrets = [
      '${PORTVAKT_TEST_SET}',
      '${PORTVAKT_TEST_EMPTY}',
      'file:/nowhere/at/all',
      '${PORTVAKT_TEST_UNSET}',
    ];
    const path = file(
      'secrets.yaml',
      yaml({ ingest_keys: `\n${secrets.map((ref) => `      - "${ref}"`).join('\n')}`, origins: '[]' }),
    );
    const without = await portvakt(['lint', path]);
    expect(without.out).not.toContain('PORTVAKT_TEST');
    const round = file('round.yaml', `${yaml()}\nlimits: &a [*a]\n`);
    expect((await portvakt(['lint', '--env', round])).code).toBe(1);
    const done = await portvakt(['lint', '--env', '--json', path]);
    vi.unstubAllEnvs();
    expect(done.code).toBe(1);
    expect(done.out).not.toContain('a-value-nobody-may-see');
    const found = JSON.parse(done.out) as { line: number; code: string; message: string }[];
    const about = found.filter(({ code }) => code === 'secret').map(({ line, message }) => [line, message] as const);
    const lines = (await portvakt(['lint', '--env', path])).out;
    expect(lines).toContain('error[secret]');
    const first =
      yaml({ ingest_keys: '' })
        .split('\n')
        .findIndex((line) => line.includes('ingest_keys')) + 2;
    expect(about.filter(([line]) => line >= first)).toEqual([
      [first + 1, expect.stringContaining('PORTVAKT_TEST_EMPTY')],
      [first + 2, expect.stringContaining('/nowhere/at/all')],
      [first + 3, expect.stringContaining('PORTVAKT_TEST_UNSET')],
    ]);
  });

  it('a configuration that cannot be used is 2 for every other command', async () => {
    const path = file('bad.yaml', yaml({ country: 'EU' }));
    for (const args of [
      ['explain', path, '-'],
      ['docs', path],
      ['test', file('bad.test.yaml', `config: bad.yaml\ncases: [{ name: a, expect: {} }]`)],
    ]) {
      const done = await portvakt(args);
      expect(done.code).toBe(2);
      expect(done.err).toContain('bad.yaml:4:14');
    }
  });

  it('a case that does not hold is 1, with the place of the case', async () => {
    const path = file(
      'x.test.yaml',
      `config: ${CONFIG}\ncases:\n  - name: wrong\n    request: { said: everything }\n    expect: { nothing_to: anybody }\n`,
    );
    const done = await portvakt(['test', path]);
    expect(done.code).toBe(1);
    expect(done.out).toContain(`FAIL  wrong  (${path}:3)`);
    expect(done.out).toContain('0 of 1 cases hold');
  });
});

describe('the process', () => {
  it('ends with the exit code, and keeps results on stdout and complaints on stderr', () => {
    const spawned = (args: readonly string[]) =>
      spawnSync(process.execPath, ['src/cli/main.ts', ...args], { cwd: root, encoding: 'utf8' });
    expect(spawned(['--version'])).toMatchObject({ status: 0, stderr: '' });
    expect(spawned(['nothing'])).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('explain', () => {
  const at = '2026-11-20T10:15:00Z';
  const consent =
    'CookieConsent={stamp:%27x==%27%2Cnecessary:true%2Cpreferences:false%2Cstatistics:true%2Cmarketing:false%2Cmethod:%27explicit%27%2Cver:1%2Cutc:1795168000000%2Cregion:%27no%27}';
  const url =
    'https://metrics.example.no/g/collect?v=2&tid=G-TEST000001&cid=1234567890.1795168000&_p=1&en=purchase&epn.value=5&cu=NOK&dl=https%3A%2F%2Fshop.example.no%2Ftakk%3Fgclid%3DCanary1%26utm_source%3Dx';

  it('names the cookie that cannot be read, and says what to do', async () => {
    const done = await portvakt([
      'explain',
      CONFIG,
      '--at',
      at,
      'curl',
      url,
      '-H',
      'Origin: https://shop.example.no',
      '-b',
      'CookieConsent=marketing,preferences',
    ]);
    expect(done.out).toContain('evidence  cookiebot (CookieConsent): none - the list of another banner');
    expect(done.out).toContain('take `cookiebot` out of `consent.cmp`');
  });

  it('shows consent with evidence, and per route verdict, fields and request', async () => {
    const done = await portvakt([
      'explain',
      CONFIG,
      '--at',
      at,
      'curl',
      url,
      '-H',
      'Origin: https://shop.example.no',
      '-b',
      consent,
    ]);
    expect(done.code).toBe(0);
    expect(done.out).toContain('evidence  cookiebot (CookieConsent): given');
    expect(done.out).toMatch(/ga4 +full +planned/);
    expect(done.out).toMatch(/meta +blocked +blocked +the visitor has not allowed ad_storage, .* \(blocked\.consent\)/);
    expect(done.out).toMatch(/reduced +page_location \(by the site's privacy settings\)|reduced +page_location/);
    expect(done.out).toContain('https://region1.google-analytics.com/g/collect?');
    // The click id is in no request; analytics alone does not open it.
    expect(done.out).not.toContain('Canary1');
    expect(done.out).not.toContain('1234567890.1795168000 ');
  });

  it('--json gives the same as data', async () => {
    const done = await portvakt(
      ['explain', CONFIG, '-', '--json', '--at', at],
      `curl '${url}' -H 'Origin: https://shop.example.no' -b "${consent}"`,
    );
    const { events } = JSON.parse(done.out) as {
      events: {
        signals: string[];
        routes: { route: string; verdict: string; dropped: { field: string; why: string }[] }[];
      }[];
    };
    expect(events[0]?.signals).toEqual(['analytics_storage']);
    expect(events[0]?.routes.map(({ route, verdict }) => [route, verdict])).toEqual([
      ['ga4', 'full'],
      ['google_ads', 'blocked'],
      ['floodlight', 'blocked'],
      ['meta', 'blocked'],
      ['linkedin', 'blocked'],
      ['hubspot', 'blocked'],
      ['microsoft_ads', 'blocked'],
      ['pinterest', 'blocked'],
      ['reddit', 'blocked'],
      ['snapchat', 'blocked'],
      ['tiktok', 'blocked'],
    ]);
    expect(events[0]?.routes[0]?.dropped).toContainEqual({ field: 'google_click_params', why: 'needs ad_storage' });
  });

  it('a request that would be refused is 1, and says why', async () => {
    const done = await portvakt(['explain', CONFIG, '-'], `curl '${url}' -H 'Origin: https://evil.example'`);
    expect(done.code).toBe(1);
    expect(done.out).toContain('refused: 403');
  });

  it('shows secrets by name, never a value', async () => {
    const body = JSON.stringify({
      events: [
        {
          name: 'purchase',
          params: { currency: 'NOK', value: 1 },
          visitor: { client_id: '1.1795168000', cookies: consent },
        },
      ],
    });
    const open = file('open.yaml', yaml({ consent: '{ cmp: [cookiebot] }', ingest_keys: '[${PORTVAKT_TEST_KEY}]' }));
    const request = `POST /v1/events HTTP/1.1\nHost: metrics.example.no\nContent-Type: application/json\nAuthorization: Bearer stand-in-for-the-secret-\${PORTVAKT_TEST_KEY}\n\n${body}`;
    const done = await portvakt(['explain', open, '-', '--at', at], request);
    expect(done.out).toContain('api_secret=${GA4_API_SECRET}');
  });

  it('takes a request of a back end with the key that this machine has, and says what is wrong with it', async () => {
    const key = 'a-key-that-nobody-may-see-0123456789';
    vi.stubEnv('PORTVAKT_TEST_KEY', key);
    const open = file(
      'measurement.yaml',
      yaml({ mp_secrets: '[${PORTVAKT_TEST_KEY}]', mp: '{ consent: asserted }', consent: '{ cmp: [cookiebot] }' }),
    );
    const body = JSON.stringify({
      client_id: '1.1795168000',
      events: [{ name: 'purchase', params: { currency: 'NOK', value: 1, gclid: 'Cj0' } }],
      portvakt: { consent: { analytics_storage: 'GRANTED', time: at } },
    });
    const ask = (secret: string) =>
      portvakt(
        ['explain', open, '-', '--at', at],
        `POST /mp/collect?measurement_id=G-TEST000001&api_secret=${secret} HTTP/1.1\nHost: metrics.example.no\n\n${body}`,
      );
    const done = await ask(key);
    const refused = await ask('another');
    vi.unstubAllEnvs();
    expect(done.out).toContain('read as measurement-protocol');
    expect(done.out).toContain('evidence  back-end: given - asserted by the back end');
    expect(done.out).toContain('events[0].params.gclid: an identifier belongs into a field that consent decides about');
    expect(done.out).toContain('api_secret=${GA4_API_SECRET}');
    expect(done.out).not.toContain(key);
    expect(refused.out).toContain('refused: 403');
  });
});
