import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Answer, type Ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { metricsOf, until, type Metrics } from '../support/metrics.ts';
import { serve, type Served } from '../support/serve.ts';
import { violations } from '../support/vendors.ts';
import { startScripted, type Scripted } from './scripted.ts';
import { TABLE, type Row } from './table.ts';

// Vendor x answer -> outcome, retries, what was sent again (R56, R57, and the error tables of the sheets). Each row is
// a route of one gateway, so all of them are tried at once, and none may affect another.

const rows = TABLE.map((row, i) => {
  const id = `r${String(i).padStart(3, '0')}`;
  return { ...row, id, route: `${row.vendor}_${id}`, name: `tested_${id}`, key: `shop.example.no/${row.vendor}_${id}` };
});
type TestRow = (typeof rows)[number];

const SETTINGS: Readonly<Record<Row['vendor'], (row: TestRow) => string>> = {
  ga4: (row) => `measurement_id: ${streamOf(row)}, api_secret: "\${SECRET}"`,
  google_ads: ({ name, form }) =>
    `customer_id: "1234567890", conversions: { ${name}: "7001" }, credentials: "\${GOOGLE}"` +
    (form === 'limited' ? `, conversion_id: AW-123456789, labels: { ${name}: tested }` : ''),
  floodlight: ({ name }) =>
    `floodlight_config_id: "8031234", activities: { ${name}: { id: "7002", count: transactions } }, credentials: "\${GOOGLE}"`,
  meta: ({ name }) => `pixel_id: "123456789012345", access_token: "\${SECRET}", event_names: { ${name}: Contact }`,
  linkedin: ({ name }) => `access_token: "\${SECRET}", conversions: { ${name}: "104012" }`,
  hubspot: ({ name }) =>
    `access_token: "\${SECRET}", email: true, custom_events: { ${name}: { name: pe1_x, properties: { id: transaction_id } } }`,
  piwik_pro: () => `host: example.piwik.pro, app_id: 892d04bd-0000-4000-8000-000000000001, currency: NOK`,
  matomo: () => `host: stats.example.no, site_id: "3", token: "\${SECRET}", currency: NOK`,
  microsoft_ads: () => `tag_id: "97000001", access_token: "\${SECRET}"`,
  pinterest: ({ name }) =>
    `ad_account_id: "549757463328", access_token: "\${SECRET}", event_names: { ${name}: custom }`,
  reddit: ({ name }) => `pixel_id: a2_exampleabc, access_token: "\${SECRET}", event_names: { ${name}: CUSTOM }`,
  snapchat: ({ name }) =>
    `pixel_id: 1ec32188-754e-4be2-8e55-c949a984a39f, access_token: "\${SECRET}", event_names: { ${name}: SAVE }`,
  http: ({ from }) =>
    `host: hooks.example.com, path: "/portvakt/\${SECRET}", needs: [ad_storage], batch: 500, sign: { secret: "\${HOOK_KEY}" }, ` +
    `recipient: { name: Example AS, country: NO, purpose: orders }` +
    (from === 'http.md 7' ? ', fail_if: [{ at: $.error }]' : ''),
  tiktok: ({ name }) => `pixel_id: D6AP4E3C77U3L7SP8O7G, access_token: "\${SECRET}", event_names: { ${name}: Contact }`,
};

function streamOf({ id }: TestRow): string {
  return `G-ROW${id.toUpperCase()}`;
}

const section = (row: TestRow): string =>
  `      ${row.route}: { type: ${row.vendor}, events: [${row.name}], ${SETTINGS[row.vendor](row)}` +
  `${row.form === 'limited' ? ', without_consent: limited' : ''} }`;

const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
${rows.map(section).join('\n')}
`;

let vendors: Scripted;
let gateway: Served;
let metrics: Metrics;
/** Pairs of an event and a route it was offered to. */
let pairs = 0;
let accepted = 0;
/** What the gateway says of routes that wait for a person. */
let readiness: Answer;
let waitingForPerson: Answer;

const second = Math.floor(Date.now() / 1000);
const CLIENT_ID = `482310557.${second - 3600}`;
const AGREED = [
  cookiebot({ preferences: true, statistics: true, marketing: true }, Date.now() - 60_000),
  `_ga=GA1.1.${CLIENT_ID}`,
  // Floodlight matches by a click only.
  `_gcl_dc=GCL.${second - 3600}.CNExampleDclid`,
].join('; ');
const REFUSED = cookiebot({}, Date.now() - 60_000);

const idOf = (row: TestRow, i: number) => `${row.id}-e${String(i).padStart(2, '0')}`;
const headers = (cookie: string) => ({ host: 'shop.example.no', origin: 'https://shop.example.no', cookie });

/** The requests with which the events of a row come in. */
function incoming(row: TestRow): readonly Ask[] {
  const cookie = row.form === 'limited' ? REFUSED : AGREED;
  const page = (i: number) => `https://shop.example.no/${idOf(row, i)}`;
  // A client id of its own, because one that comes without consent would withdraw the other rows.
  const cid = row.form === 'limited' ? `1234567.${second - 3600}` : CLIENT_ID;
  if (row.vendor === 'ga4' && row.form !== 'api') {
    const keys = { v: '2', tid: streamOf(row), cid, en: row.name, dl: page(0) };
    return [{ path: `/g/collect?${new URLSearchParams(keys).toString()}`, headers: headers(cookie) }];
  }
  const requests: Ask[] = [];
  for (let from = 0; from < row.events; from += 25) {
    const events = Array.from({ length: Math.min(25, row.events - from) }, (_, i) => {
      const id = idOf(row, from + i);
      const about = { transaction_id: id, value: 1, currency: 'NOK' };
      return { name: row.name, id, page: { url: page(from + i) }, params: about, user: { email: 'kari@example.no' } };
    });
    const body = JSON.stringify({ events });
    requests.push({ path: '/v1/events', headers: { ...headers(cookie), 'content-type': 'application/json' }, body });
  }
  return requests;
}

beforeAll(async () => {
  vendors = await startScripted();
  violations();
  gateway = await serve({ config: CONFIG, sink: vendors.url, env: { SECRET: 'a-secret' } });
  for (const row of rows) {
    vendors.set(row.id, row.script);
    for (const request of incoming(row)) expect((await ask(gateway.url, request)).status).toBe(204);
    accepted += row.events;
    // A hit of the tag is offered to its own route only; the first GA4 route, which feeds the others, gets none.
    pairs += row.events * (row.vendor === 'ga4' && row.form !== 'api' ? 1 : rows.length);
  }
  await until(
    'every row has come to rest',
    async () => {
      metrics = await metricsOf(gateway.adminUrl);
      return rows.every((row) => atRest(row));
    },
    40_000,
  ).catch(() => undefined);
  readiness = await ask(gateway.url, { method: 'GET', path: '/readyz', alone: true });
  waitingForPerson = await ask(gateway.adminUrl, { method: 'GET', path: '/stopped', alone: true });
});
afterAll(async () => {
  await gateway.stop();
  await vendors.close();
});

/** What Google has taken counts as delivered half an hour later, when it has said so. */
const awaiting = (route?: string) => metrics.sum('portvakt_outbox_awaiting', route === undefined ? {} : { route });
const outcome = ({ key }: TestRow, name: string) =>
  metrics.sum('portvakt_outcomes_total', { route: key, outcome: name }) + (name === 'delivered' ? awaiting(key) : 0);
const waiting = ({ key }: TestRow) => metrics.sum('portvakt_outbox_waiting', { route: key });
const stateOf = ({ key }: TestRow) =>
  metrics.of('portvakt_route_state').find(({ labels, value }) => labels['route'] === key && value === 1)?.labels[
    'state'
  ];

function atRest(row: TestRow): boolean {
  const { delivered = 0, dead = 0 } = row.ends;
  const ended = outcome(row, 'delivered') === delivered && outcome(row, 'dead') === dead;
  return ended && (row.state === undefined || stateOf(row) === row.state);
}

/** How often each event was sent. */
function timesSent(row: TestRow): Map<string, number> {
  const times = new Map<string, number>();
  for (const { ids } of vendors.of(row.id)) for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1);
  return times;
}

describe.each([
  'ga4',
  'google_ads',
  'floodlight',
  'meta',
  'hubspot',
  'linkedin',
  'matomo',
  'microsoft_ads',
  'pinterest',
  'reddit',
  'snapchat',
  'tiktok',
  'piwik_pro',
  'http',
] as const)('%s', (vendor) => {
  it.each(rows.filter((row) => row.vendor === vendor).map((row) => [row.answer, row] as const))('%s', (_, row) => {
    const { delivered = 0, dead = 0 } = row.ends;
    expect({ delivered: outcome(row, 'delivered'), dead: outcome(row, 'dead'), waiting: waiting(row) }).toEqual({
      delivered,
      dead,
      waiting: row.events - delivered - dead,
    });
    expect(stateOf(row)).toBe(row.state ?? 'closed');
    const requests = vendors.of(row.id);
    const times = timesSent(row);
    expect(times.size).toBe(row.events);
    const bad = `${row.id}-e13`;
    const others = [...times].filter(([id]) => id !== bad).map(([, count]) => count);
    switch (row.resent) {
      case 'nothing':
        expect(new Set(times.values())).toEqual(new Set([1]));
        break;
      case 'all':
        expect(new Set(times.values())).toEqual(new Set([2]));
        break;
      case 'rest':
        // Named, it is never sent again; those who were with it once more, the other request not at all.
        expect(times.get(bad)).toBe(1);
        expect(others.filter((count) => count === 2)).toHaveLength(24);
        expect(others.filter((count) => count === 1)).toHaveLength(25);
        break;
      case 'parts':
        // Halved until what is bad is alone: in 25, about log2 steps, and a good half beside each.
        expect(requests.length).toBeLessThanOrEqual(14);
        expect(requests.findLast(({ ids }) => ids.includes(bad))?.ids ?? [bad]).toEqual([bad]);
        break;
      case 'later':
        expect(new Set(times.values())).toEqual(new Set([requests.length]));
    }
    // What the vendor has taken is never sent again.
    const taken = new Set<string>();
    for (const { ids, fine } of requests) {
      for (const id of ids) expect(taken.has(id), `${id} again`).toBe(false);
      if (fine) for (const id of ids) taken.add(id);
    }
    if (row.pause !== undefined) {
      if (row.resent !== 'later') expect(requests.length).toBeGreaterThan(1);
      const pauses = requests.slice(1).map(({ at }, i) => at - (requests[i]?.at ?? 0));
      for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(row.pause);
    }
    expect(requests.filter(({ path }) => path.includes('elsewhere'))).toEqual([]);
  });
});

describe('together', () => {
  it('every (event, route) is in exactly one place', () => {
    expect(metrics.sum('portvakt_events_total')).toBe(accepted);
    expect(metrics.sum('portvakt_outcomes_total') + awaiting() + metrics.sum('portvakt_outbox_waiting')).toBe(pairs);
    for (const row of rows) {
      expect(metrics.sum('portvakt_stored_total', { route: row.key }), row.key).toBe(row.events);
      expect(metrics.sum('portvakt_outbox_dead_letters', { route: row.key }), row.key).toBe(row.ends.dead ?? 0);
    }
  });

  it('attempts and retries are counted as they were made', async () => {
    // A request that a kept connection swallows, or a token that has to be made anew, is part of the same attempt. An
    // answer that is cut off is swallowed where the end of the connection overtakes its beginning.
    const sameAttempt = /^401|a reset connection$|cut off$/;
    const own = rows.filter(({ answer, resent }) => !sameAttempt.test(answer) && resent !== 'later');
    const retries = (row: TestRow) => (row.resent === 'all' || row.state === 'open' ? 1 : undefined);
    // A counter may be told a moment after the request that it counts.
    await expect
      .poll(async () => {
        metrics = await metricsOf(gateway.adminUrl);
        const sum = (name: string, { key }: TestRow) => metrics.sum(`portvakt_delivery_${name}_total`, { route: key });
        return own.flatMap((row) => {
          const [attempts, retried] = [sum('attempts', row), sum('retries', row)];
          const [sent, again] = [vendors.of(row.id).length, retries(row) ?? retried];
          const asMade = attempts === sent && retried === again;
          return asMade ? [] : [`${row.key} ${row.answer}: ${attempts} for ${sent}, retries ${retried} for ${again}`];
        });
      })
      .toEqual([]);
  });

  it('a refused token is made anew once for each attempt, not for each request', () => {
    // The first, one after each of the two rows of 401.
    expect(vendors.tokens()).toBeGreaterThanOrEqual(2);
    expect(vendors.tokens()).toBeLessThanOrEqual(4);
  });

  it('says which routes wait for a person, to the operator and to /readyz', () => {
    const stopped = rows.filter(({ state }) => state === 'stopped');
    expect(readiness.status).toBe(200);
    expect(JSON.parse(readiness.body)).toEqual({ ready: true, stopped_routes: stopped.length });
    const { stopped: listed } = JSON.parse(waitingForPerson.body) as { stopped: Readonly<Record<string, unknown>> };
    expect(Object.keys(listed).toSorted()).toEqual(stopped.map(({ key }) => key).toSorted());
    for (const { key } of stopped)
      expect(gateway.log()).toMatch(new RegExp(`"error".*"route":"${key}".*route stopped`));
  });

  it('the vendors found nothing wrong with what they got, and nothing went astray', () => {
    expect(violations()).toEqual([]);
    expect(vendors.strays()).toEqual([]);
  });

  it("nothing of the vendors' answers, which repeat what they were sent, is in the log or the metrics", async () => {
    const { status, body } = await ask(gateway.adminUrl, { method: 'GET', path: '/metrics', alone: true });
    expect(status).toBe(200);
    expect(gateway.log() + body).not.toMatch(/kari|example\.no is|Something about|400 00 000/);
  });

  it('mended: a reload delivers all that waited, and the refused stay where they are', async () => {
    vendors.mend();
    const file = join(gateway.data, 'gateway.yaml');
    expect(readFileSync(file, 'utf8')).toBe(CONFIG);
    gateway.child.kill('SIGHUP');
    await until('nothing waits any more', async () => {
      metrics = await metricsOf(gateway.adminUrl);
      return metrics.sum('portvakt_outbox_waiting') === 0;
    });
    const { body } = await ask(gateway.url, { method: 'GET', path: '/readyz', alone: true });
    expect(JSON.parse(body)).toEqual({ ready: true });
    for (const row of rows) {
      const dead = row.ends.dead ?? 0;
      expect([outcome(row, 'delivered'), outcome(row, 'dead'), stateOf(row)], row.key).toEqual([
        row.events - dead,
        dead,
        'closed',
      ]);
    }
    expect(metrics.sum('portvakt_outcomes_total') + awaiting()).toBe(pairs);
  });
});
