import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { Histogram, SHORT } from '../../src/core/histogram.ts';
import { Counters } from '../../src/ledger/counters.ts';
import { watchForFaults } from '../../src/runtimes/node/process/watch-hits.ts';
import { FAMILIES } from '../../src/runtimes/node/process/metric-families.ts';
import { ask } from '../support/ask.ts';
import { metricsOf, until, type Metrics } from '../support/metrics.ts';
import { serve, type Served } from '../support/serve.ts';
import { startSink, type Sink } from '../torture/support/sink.ts';
import { configOf, keyOf, purchases } from '../torture/support/world.ts';

const root = join(import.meta.dirname, '../..');
const SITE = '127.0.0.1';
const GOOGLE_ADS = `      google_ads:
        customer_id: "1234567890"
        conversions: { purchase: "700123456" }
        credentials: \${GOOGLE_ADS_CREDENTIALS}
`;
let sink: Sink;
let gateway: Served;
let fresh: Metrics;
let freshText: string;

const textOf = async (): Promise<string> => (await ask(gateway.adminUrl, { method: 'GET', path: '/metrics' })).body;

beforeAll(async () => {
  sink = await startSink();
  gateway = await serve({ config: configOf(['meta', 'linkedin']), sink: sink.url });
  freshText = await textOf();
  fresh = await metricsOf(gateway.adminUrl);
});
afterAll(async () => {
  await gateway.stop();
  await sink.close();
});

/** Whether promtool is here. With CI=true it has to be. */
const promtool = (...args: readonly string[]) => spawnSync('promtool', args, { encoding: 'utf8', cwd: root });
const without = promtool('--version').error !== undefined;
it.runIf(process.env['CI'] === 'true')('promtool is installed', () => expect(without).toBe(false));

describe('before anything has happened', () => {
  it('every route has each of its series with 0', () => {
    for (const type of ['meta', 'linkedin'] as const) {
      const route = keyOf(type);
      const found = fresh.of('portvakt_outcomes_total').filter(({ labels }) => labels['route'] === route);
      expect(found.map(({ value }) => value)).toEqual(found.map(() => 0));
      const reasons = found.map(({ labels }) => `${labels['outcome']} ${labels['reason']}`);
      expect(reasons).toEqual(
        expect.arrayContaining([
          'blocked blocked.consent',
          'dead vendor.refused',
          'dead failed.egress_check',
          'failed failed.egress_check',
        ]),
      );
      for (const { name, labels } of FAMILIES) {
        // Only Google Ads is asked again later; its words are looked at below.
        if (!labels.includes('route') || name === 'portvakt_vendor_verdicts_total') continue;
        const own = name.endsWith('duration_seconds') || name.endsWith('age_seconds') ? `${name}_count` : name;
        expect(
          fresh.of(own).map((sample) => sample.labels['route']),
          name,
        ).toContain(route);
      }
    }
  });

  it('every site has its own, readable consent too', () => {
    const named = FAMILIES.filter(({ labels }) => labels.includes('site')).map(({ name }) => name);
    const zero = named.filter((name) =>
      fresh.of(name).some(({ labels, value }) => labels['site'] === SITE && value === 0),
    );
    expect(zero).toEqual(named);
    expect(named).toContain('portvakt_consent_readable_total');
  });

  it('the version, the state of the configuration and of the routes are told', () => {
    expect(fresh.of('portvakt_build_info')).toMatchObject([
      { value: 1, labels: { version: expect.stringMatching(/^\d+\./) } },
    ]);
    expect(fresh.sum('portvakt_config_last_reload_successful')).toBe(1);
    expect(fresh.sum('portvakt_config_last_reload_success_timestamp_seconds')).toBeGreaterThan(1_600_000_000);
    expect(fresh.sum('portvakt_route_up', { route: keyOf('meta') })).toBe(1);
    expect(fresh.sum('portvakt_route_state', { route: keyOf('meta') })).toBe(1);
    expect(fresh.sum('portvakt_route_state', { route: keyOf('meta'), state: 'closed' })).toBe(1);
  });

  it.skipIf(without)('promtool has nothing to say', () => {
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: freshText, encoding: 'utf8' });
    expect(`${checked.stdout}${checked.stderr}`).toBe('');
    expect(checked.status).toBe(0);
  });
});

describe('while it works', () => {
  it('times answers, storing and requests, and the age of what is delivered', async () => {
    const before = fresh.sum('portvakt_answer_duration_seconds_count');
    expect((await ask(gateway.url, purchases([7_100_001], 5))).status).toBe(204);
    await until(
      'delivered',
      async () => (await metricsOf(gateway.adminUrl)).sum('portvakt_delivery_age_seconds_count') === 2,
    );
    const now = await metricsOf(gateway.adminUrl);
    expect(now.sum('portvakt_answer_duration_seconds_count')).toBe(before + 1);
    expect(now.sum('portvakt_store_duration_seconds_count')).toBe(1);
    for (const type of ['meta', 'linkedin'] as const) {
      const route = keyOf(type);
      expect(now.sum('portvakt_delivery_duration_seconds_count', { route })).toBe(1);
      expect(now.sum('portvakt_delivery_age_seconds_bucket', { route, le: '+Inf' })).toBe(1);
      expect(now.sum('portvakt_delivery_age_seconds_sum', { route })).toBeLessThan(60);
    }
  });

  it('takes no word of a vendor into a label', async () => {
    sink.answer('meta', () => ({
      status: 400,
      body: '{"error":{"message":"kari","code":"KariNordmann","type":"Kari"}}',
    }));
    expect((await ask(gateway.url, purchases([7_100_002], 5))).status).toBe(204);
    const dead = { route: keyOf('meta'), outcome: 'dead', reason: 'vendor.refused' };
    await until('refused', async () => (await metricsOf(gateway.adminUrl)).sum('portvakt_outcomes_total', dead) === 1);
    expect((await textOf()).toLowerCase()).not.toContain('kari');
  });

  it('a reload that cannot be used is seen, and one that adds a route has its series', async () => {
    const file = join(gateway.data, 'gateway.yaml');
    const good = async () => (await metricsOf(gateway.adminUrl)).sum('portvakt_config_last_reload_successful');
    writeFileSync(file, 'sites: nothing of the kind\n');
    gateway.child.kill('SIGHUP');
    await until('refused', async () => (await good()) === 0);
    writeFileSync(file, `${configOf(['meta', 'linkedin', 'microsoft_ads'])}${GOOGLE_ADS}`);
    gateway.child.kill('SIGHUP');
    await until('in force', async () => (await good()) === 1);
    const now = await metricsOf(gateway.adminUrl);
    expect(now.sum('portvakt_config_reloads_total', { result: 'failure' })).toBeGreaterThan(0);
    expect(now.sum('portvakt_config_reloads_total', { result: 'success' })).toBeGreaterThan(0);
    const added = now.of('portvakt_stored_total').filter(({ labels }) => labels['route'] === keyOf('microsoft_ads'));
    expect(added).toMatchObject([{ value: 0 }]);
    // What Google may say half an hour later (Data Manager, ProcessingErrorReason), and what the asking may come to.
    const verdicts = now.of('portvakt_vendor_verdicts_total');
    expect(verdicts.filter(({ value }) => value !== 0)).toEqual([]);
    expect(verdicts.map(({ labels }) => `${labels['route']} ${labels['verdict']}`)).toEqual(
      expect.arrayContaining(
        ['processed', 'EVENT_TOO_OLD', 'DUPLICATE_TRANSACTION_ID', 'UNKNOWN_REASON', 'unknown', 'unreadable'].map(
          (verdict) => `${SITE}/google_ads ${verdict}`,
        ),
      ),
    );
  });
});

describe('the alerts', () => {
  const rules = parse(readFileSync(join(root, 'deploy/alerts.yml'), 'utf8')) as {
    groups: { rules: { alert: string; expr: string; annotations: { runbook_url: string; summary: string } }[] }[];
  };
  const alerts = rules.groups.flatMap((group) => group.rules);
  const headings = [...readFileSync(join(root, 'docs/runbook.md'), 'utf8').matchAll(/^## (\w+)$/gm)].map(
    ([, name]) => name,
  );

  it('name metrics that exist', () => {
    for (const { alert, expr } of alerts) {
      const named = expr.match(/\bportvakt_[a-z_]+/g) ?? [];
      expect(named.length, alert).toBeGreaterThan(0);
      for (const name of named) {
        const family = name.replace(/_(bucket|sum|count)$/, '');
        expect(
          FAMILIES.map((one) => one.name),
          `${alert}: ${name}`,
        ).toContain(family);
      }
    }
  });

  it('name series that exist: each label and value is one the gateway writes', () => {
    for (const { alert, expr } of alerts) {
      for (const [, name = '', list = ''] of expr.matchAll(/(portvakt_[a-z_]+)\{([^}]*)\}/g)) {
        const wanted = [...list.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value] as const);
        const found = fresh.of(name).some(({ labels }) => wanted.every(([key, value]) => labels[key] === value));
        expect(found, `${alert}: ${name}{${list}}`).toBe(true);
      }
    }
  });

  it('each have a heading in the runbook, and each heading is one of theirs', () => {
    expect(new Set(headings)).toEqual(new Set(alerts.map(({ alert }) => alert)));
    for (const { alert, annotations } of alerts) {
      expect(annotations.runbook_url).toMatch(new RegExp(`docs/runbook\\.md#${alert.toLowerCase()}$`));
    }
  });

  it.skipIf(without)('hold promtool test rules', () => {
    const tested = promtool('test', 'rules', 'deploy/alerts.test.yml');
    expect(tested.stdout + tested.stderr).toContain('SUCCESS');
    expect(tested.status).toBe(0);
  });
});

it('says a fault once a minute with its place and how often, and nothing of the events', () => {
  vi.useFakeTimers();
  try {
    const said: unknown[] = [];
    const counters = new Counters();
    const timer = watchForFaults(counters, { error: (_msg, fields) => void said.push(fields) });
    for (let i = 0; i < 3; i++) counters.faults.add('consent\tread');
    vi.advanceTimersByTime(60_000);
    expect(said).toEqual([{ code: 'consent: read', count: 3 }]);
    vi.advanceTimersByTime(300_000);
    expect(said).toHaveLength(1);
    counters.faults.add('consent\tread');
    vi.advanceTimersByTime(60_000);
    expect(said).toHaveLength(2);
    clearInterval(timer);
  } finally {
    vi.useRealTimers();
  }
});

it('a histogram counts a value in every bucket it fits in, and nothing as negative', () => {
  const histogram = new Histogram(SHORT);
  for (const ms of [0.5, 1, 30, 99_999, -5]) histogram.observe(ms);
  const { bounds, cumulative, sum } = histogram.data();
  expect(cumulative[0]).toBe(3);
  expect(cumulative[bounds.indexOf(0.025)]).toBe(3);
  expect(cumulative[bounds.indexOf(0.05)]).toBe(4);
  expect(cumulative.at(-1)).toBe(5);
  expect(sum).toBeCloseTo(0.0005 + 0.001 + 0.03 + 99.999);
});
