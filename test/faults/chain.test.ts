import { afterEach, describe, expect, it, vi, type Mock } from 'vitest';
import * as consent from '../../src/consent/index.ts';
import * as cookieHeader from '../../src/consent/cookie-header.ts';
import * as consentMode from '../../src/consent/standards/consent-mode.ts';
import * as consentPlan from '../../src/consent/plan.ts';
import * as combine from '../../src/consent/combine.ts';
import * as cookies from '../../src/cookies/index.ts';
import * as found from '../../src/cookies/found.ts';
import * as ownId from '../../src/cookies/own-id.ts';
import * as setCookie from '../../src/cookies/set-cookie.ts';
import * as view from '../../src/core/view.ts';
import { createApp } from '../../src/http/app.ts';
import type { Ports } from '../../src/http/ports.ts';
import { Counters } from '../../src/ledger/counters.ts';
import { createRateLimit } from '../../src/http/rate-limit.ts';
import { createWindows } from '../../src/ledger/windows.ts';
import { decideRequest as decide } from '../../src/decide/request.ts';
import * as signals from '../../src/policy/signals.ts';
import * as issueTime from '../../src/core/issue-time.ts';
import * as identifiers from '../../src/privacy/identifiers.ts';
import * as ip from '../../src/privacy/ip.ts';
import * as minimise from '../../src/privacy/minimise.ts';
import * as keys from '../../src/privacy/url/keys.ts';
import * as numbers from '../../src/privacy/pii/numbers.ts';
import * as idNames from '../../src/privacy/id-names.ts';
import * as ids from '../../src/privacy/ids.ts';
import * as scrub from '../../src/privacy/pii/scrub.ts';
import * as splitUrl from '../../src/privacy/url/split-url.ts';
import * as url from '../../src/privacy/url/url.ts';
import * as urlPath from '../../src/privacy/url/url-path.ts';
import * as userAgent from '../../src/privacy/user-agent.ts';
import * as admission from '../../src/protocols/admission.ts';
import * as ga4Read from '../../src/protocols/ga4/read.ts';
import * as jsonAdmit from '../../src/protocols/json/admit.ts';
import * as jsonRead from '../../src/protocols/json/read.ts';
import type { Hit } from '../../src/protocols/hit.ts';
import { accountOf } from '../../src/ledger/account.ts';
import { cookiebot, gatewayOf, webHit } from '../support/hits.ts';
import { CONFIG, jsonPurchase, webPurchase } from './hits.ts';

// R80: if any function of the chain fails, the event is dropped and counted, and no byte of it goes out.

vi.mock('../../src/consent/index.ts', { spy: true });
vi.mock('../../src/consent/cookie-header.ts', { spy: true });
vi.mock('../../src/consent/standards/consent-mode.ts', { spy: true });
vi.mock('../../src/consent/plan.ts', { spy: true });
vi.mock('../../src/consent/combine.ts', { spy: true });
vi.mock('../../src/cookies/index.ts', { spy: true });
vi.mock('../../src/cookies/found.ts', { spy: true });
vi.mock('../../src/cookies/own-id.ts', { spy: true });
vi.mock('../../src/cookies/set-cookie.ts', { spy: true });
vi.mock('../../src/core/view.ts', { spy: true });
vi.mock('../../src/policy/signals.ts', { spy: true });
vi.mock('../../src/protocols/admission.ts', { spy: true });
vi.mock('../../src/protocols/ga4/read.ts', { spy: true });
vi.mock('../../src/protocols/json/admit.ts', { spy: true });
vi.mock('../../src/protocols/json/read.ts', { spy: true });
vi.mock('../../src/core/issue-time.ts', { spy: true });
vi.mock('../../src/privacy/identifiers.ts', { spy: true });
vi.mock('../../src/privacy/ip.ts', { spy: true });
vi.mock('../../src/privacy/minimise.ts', { spy: true });
vi.mock('../../src/privacy/url/keys.ts', { spy: true });
vi.mock('../../src/privacy/pii/numbers.ts', { spy: true });
vi.mock('../../src/privacy/id-names.ts', { spy: true });
vi.mock('../../src/privacy/ids.ts', { spy: true });
vi.mock('../../src/privacy/pii/scrub.ts', { spy: true });
vi.mock('../../src/privacy/url/split-url.ts', { spy: true });
vi.mock('../../src/privacy/url/url.ts', { spy: true });
vi.mock('../../src/privacy/url/url-path.ts', { spy: true });
vi.mock('../../src/privacy/user-agent.ts', { spy: true });

const gateway = gatewayOf(CONFIG);
const ALL_ROUTES = [
  'floodlight',
  'ga4',
  'google_ads',
  'hubspot',
  'linkedin',
  'meta',
  'microsoft_ads',
  'pinterest',
  'reddit',
  'snapchat',
  'tiktok',
];

/** Route and outcome of every decision about a hit. */
function outcomes(hit: Hit): string[] {
  const done = decide(hit, gateway);
  if (!('trace' in done)) throw new Error(`refused: ${done.problem.status}`);
  return done.trace.events
    .flatMap(({ routes }) => routes.map(({ route, outcome }) => `${route.name} ${outcome}`))
    .toSorted();
}

/** The public listener with a store that remembers what it was given. */
function listener(hit: Hit) {
  const append = vi.fn<Ports['outbox']['append']>((rows) => Promise.resolve(rows.map(() => 'stored')));
  const counters = new Counters();
  const app = createApp({
    gateway: () => gateway,
    outbox: { append, pending: 0, shared: false, ready: true },
    stopped: () => 0,
    overloaded: () => false,
    toHit: () => hit,
    counters,
    rateLimit: createRateLimit(() => new Uint8Array(32)),
    windows: createWindows(() => new Uint8Array(32)),
    watcher: () => undefined,
  });
  const ask = () => app.request(`http://shop.example.no${hit.path}`, { method: 'POST' });
  return { ask, counters, stored: () => append.mock.calls.flatMap(([rows]) => rows) };
}

afterEach(() => {
  vi.resetAllMocks();
});

describe('nothing broken', () => {
  it('every route gets both hits, so that a fault has something to stop', () => {
    expect(outcomes(webPurchase())).toEqual(ALL_ROUTES.map((name) => `${name} planned`));
    expect(outcomes(jsonPurchase())).toEqual(ALL_ROUTES.map((name) => `${name} planned`));
  });
});

/** Any exported function of a module that is spied on. */
type Functions = Readonly<Record<string, unknown>>;

const CHAIN: readonly (readonly [string, Functions, readonly string[]])[] = [
  ['consent', consent, ['readConsent']],
  ['consent/cookie-header', cookieHeader, ['parseCookies']],
  ['consent/plan', consentPlan, ['findCookies', 'readRecords']],
  ['consent/consent-mode', consentMode, ['readConsentMode']],
  ['consent/combine', combine, ['combine']],
  ['cookies', cookies, ['readCookies']],
  ['cookies/found', found, ['findGoverned']],
  ['cookies/own-id', ownId, ['ownId']],
  ['cookies/set-cookie', setCookie, ['setCookie', 'fit']],
  ['policy/signals', signals, ['siteSignals', 'routeSignals']],
  ['privacy/identifiers', identifiers, ['presentableClientId']],
  // What the vendors' rows read cookies with.
  ['core/issue-time', issueTime, ['numberAt', 'millisecondsAt', 'clientIdTime']],
  ['privacy/minimise', minimise, ['minimise']],
  ['privacy/ip', ip, ['truncateIp']],
  ['privacy/id-names', idNames, ['isIdName', 'isArticleName']],
  ['privacy/ids', ids, ['hasFormat']],
  ['privacy/keys', keys, ['dropKey']],
  ['privacy/scrub', scrub, ['scrub']],
  ['privacy/numbers', numbers, ['findNumbers']],
  ['privacy/split-url', splitUrl, ['splitUrl']],
  ['privacy/url', url, ['readUrl', 'readReferrer', 'cleanText']],
  ['privacy/url-path', urlPath, ['cleanPath']],
  ['privacy/user-agent', userAgent, ['readUserAgent']],
  ['core/view', view, ['project']],
];

const CASES = CHAIN.flatMap(([name, module, functions]) =>
  functions.map((fn) => [`${name} ${fn}`, module, fn] as const),
);

function breakIt(module: Functions, name: string): Mock {
  const spy = module[name] as Mock;
  spy.mockImplementation(() => {
    throw new Error('a fault with kari@example.no in it');
  });
  return spy;
}

describe.each(CASES)('%s throws', (_, module, name) => {
  it.each([
    ['a web hit', webPurchase],
    ['a JSON event', jsonPurchase],
  ])('%s fails on every route it was in the way of, and stores nothing', async (_what, make) => {
    const spy = breakIt(module, name);
    const ended = outcomes(make());
    if (spy.mock.calls.length === 0) {
      // This source has no such part; the other one does, or the case below fails.
      expect(ended).toEqual(ALL_ROUTES.map((route) => `${route} planned`));
      return;
    }
    expect(ended).toEqual(ALL_ROUTES.map((route) => `${route} failed`));

    const { ask, counters, stored } = listener(make());
    const answer = await ask();
    expect(answer.status).toBe(204);
    expect(await answer.text()).toBe('');
    expect(stored()).toEqual([]);
    const counted = [...counters.outcomes.entries()].map(([[route, outcome], count]) => `${route} ${outcome} ${count}`);
    expect(counted.toSorted()).toEqual(ALL_ROUTES.map((route) => `shop.example.no/${route} failed 1`));
    expect(JSON.stringify([...counters.outcomes.entries(), ...answer.headers])).not.toContain('kari');
  });

  it('is on the way of at least one of them', () => {
    const spy = breakIt(module, name);
    outcomes(webPurchase());
    outcomes(jsonPurchase());
    expect(spy).toHaveBeenCalled();
  });
});

describe('before there is an event', () => {
  it.each([
    ['protocols/ga4 readCollect', ga4Read, 'readCollect', webPurchase],
    ['protocols/json readJson', jsonRead, 'readJson', jsonPurchase],
    ['protocols/admission admitPage', admission, 'admitPage', webPurchase],
    ['protocols/json admitEvents', jsonAdmit, 'admitEvents', jsonPurchase],
    ['privacy/ip clientAddress', ip, 'clientAddress', webPurchase],
  ] as const)('%s throws: nothing is stored, and the answer tells nothing', async (_, module, name, make) => {
    breakIt(module, name);
    const { ask, stored } = listener(make());
    const answer = await ask();
    expect([204, 503]).toContain(answer.status);
    expect(await answer.text()).not.toContain('kari');
    expect(stored()).toEqual([]);
  });
});

describe('a visitor who has refused is read no further than the refusal (design 3)', () => {
  const unguarded = gatewayOf(CONFIG.replace(', never_forward: ["/helse/**"]', ''));
  const refused = (page: string): Hit =>
    webHit(
      {
        v: '2',
        tid: 'G-TEST000001',
        cid: '482310557.1795000000',
        en: 'purchase',
        dl: page,
        dt: 'Kari, kari@example.no',
      },
      { cookies: cookiebot({}) },
    );
  const eventOf = (hit: Hit, of: typeof gateway) => {
    const done = decide(hit, of);
    if (!('trace' in done)) throw new Error(`refused: ${done.problem.status}`);
    const [event] = done.trace.events;
    if (event === undefined) throw new Error('no event');
    return event;
  };

  it('neither the page nor the event is looked at, and every route is blocked', () => {
    const event = eventOf(refused('https://shop.example.no/krus?gclid=Cj0KExample'), unguarded);
    expect(event.routes.map(({ outcome, reason }) => `${outcome} ${reason?.code}`)).toEqual(
      ALL_ROUTES.map(() => 'blocked blocked.consent'),
    );
    expect(url.readUrl).not.toHaveBeenCalled();
    expect(minimise.minimise).not.toHaveBeenCalled();
  });

  it('whoever looks at the decision sees the event as the site would let it through', () => {
    const event = eventOf(refused('https://shop.example.no/krus?gclid=Cj0KExample'), unguarded);
    expect(event.event).toMatchObject({
      event_name: 'purchase',
      page_location: 'https://shop.example.no/krus',
      page_title: 'Kari, [email]',
    });
    expect(event.event).not.toHaveProperty('client_id');
    expect(event.event).toBe(event.event);
  });

  it('filters that are broken show nothing to whoever looks, and change nothing', () => {
    breakIt(minimise, 'minimise');
    const event = eventOf(refused('https://shop.example.no/krus'), unguarded);
    expect(event.routes.map(({ outcome }) => outcome)).toEqual(ALL_ROUTES.map(() => 'blocked'));
    expect([event.event, event.cells]).toEqual([undefined, []]);
  });

  it.each([
    ['https://shop.example.no/helse/kreft', 'skipped skip.path'],
    ['javascript:void(0)', 'invalid invalid.page_address'],
  ])('where some pages are never forwarded, that comes first: %s', (page, expected) => {
    const event = eventOf(refused(page), gateway);
    expect(event.routes.map(({ outcome, reason }) => `${outcome} ${reason?.code}`)).toEqual(
      ALL_ROUTES.map(() => expected),
    );
    expect(event.event).toBeUndefined();
  });
});

describe('what is said of a fault', () => {
  it.each<readonly [Functions, string, string, string]>([
    [consent, 'readConsent', 'consent', 'read'],
    [cookies, 'readCookies', 'cookies', 'read'],
    [minimise, 'minimise', 'privacy', 'filter'],
  ])('is the module and the step, and nothing of the event (%#)', (module, name, where, step) => {
    breakIt(module, name);
    const done = decide(webPurchase(), gateway);
    if (!('trace' in done)) throw new Error('refused');
    for (const { reason } of done.trace.events[0]?.routes ?? [])
      expect(reason).toEqual({ code: 'failed.chain', params: { module: where, step } });
    const counters = new Counters();
    counters.accept(accountOf(done.trace, false), []);
    expect([...counters.faults.values]).toEqual([[`${where}\t${step}`, ALL_ROUTES.length]]);
  });
});
