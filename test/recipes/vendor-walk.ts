import { configPage } from '../../src/config/pages/docs.ts';
import { compileGateway } from '../../src/config/compile/index.ts';
import { loadConfig } from '../../src/config/load.ts';
import { decideRequest } from '../../src/decide/request.ts';
import type { Trace } from '../../src/decide/trace.ts';
import { egressViolation } from '../../src/delivery/egress/index.ts';
import { tableOf } from '../support/egress.ts';
import { accountOf } from '../../src/ledger/account.ts';
import { Decisions } from '../../src/ledger/decisions.ts';
import type { Hit } from '../../src/protocols/hit.ts';
import { FIELDS } from '../../src/policy/fields.ts';
import { sitesOf } from '../canary/profiles.ts';
import { OTHER_IDS } from '../canary/kinds.ts';
import { Run } from '../canary/run.ts';
import { word } from '../canary/tokens.ts';
import { jsonHit, NOW, webHit } from '../support/hits.ts';

/*
 * What the gateway does with the identifiers of the fictitious vendor of `test/fixtures/acme-ads`, as JSON. Run by
 * `vendor.test.ts` in a copy of the project that has its folder.
 */

const DAY = 86_400_000;
const CLICK = 'Klick-0042_x';

const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent:
      cmp: [onetrust]
      mapping:
        onetrust:
          purposes: { A1: [ad_storage], A2: [analytics_storage], A3: [ad_user_data], A4: [ad_personalization] }
    privacy: { url_query: [acmeclid, utm_campaign] }
    cookies: { domain: example.no, ads: 30d }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}" }
      acme_ads: { access_token: "\${ACME_TOKEN}", without_consent: limited }
`;

const loaded = loadConfig(CONFIG, 'acme.yaml', NOW);
if (!('config' in loaded)) throw new Error(JSON.stringify(loaded.findings, null, 1));
const gateway = compileGateway(loaded.config, {
  value: () => 'a secret of the tests, long enough',
  rootKey: new Uint8Array(32).fill(7),
});

/** OneTrust's cookies for these of the four groups. */
function consent(groups: readonly string[]): string {
  const each = ['A1', 'A2', 'A3', 'A4'].map((group) => `${group}:${groups.includes(group) ? 1 : 0}`).join(',');
  const closed = new Date(NOW - DAY).toISOString();
  return `OptanonAlertBoxClosed=${closed}; OptanonConsent=isGpcEnabled=0&version=202509.1.0&interactionCount=1&groups=${encodeURIComponent(each)}&AwaitingReconsent=false`;
}

function traceOf(hit: Hit): Trace {
  const done = decideRequest(hit, gateway);
  if (!('trace' in done)) throw new Error(JSON.stringify(done.problem));
  return done.trace;
}

interface Visit {
  readonly page?: string;
  readonly title?: string;
  readonly cookies?: string;
  readonly groups?: readonly string[];
  readonly at?: number;
}

const ALL = ['A1', 'A2', 'A3', 'A4'];

function visit({ page = '', title = 'Krus', cookies = '', groups = ALL, at = NOW }: Visit): Trace {
  return traceOf(
    webHit(
      {
        v: '2',
        tid: 'G-TEST000001',
        cid: `482310557.${at / 1000 - 60}`,
        en: 'purchase',
        dl: `https://shop.example.no/krus${page}`,
        dt: title,
      },
      { at, cookies: [consent(groups), cookies].filter((text) => text !== '').join('; ') },
    ),
  );
}

/** What a destination is sent, or what became of it. */
function sentTo(name: string, { events, hit }: Trace): string {
  const [event] = events;
  const decision = event?.routes.find(({ route }) => route.destination.name === name);
  if (decision?.plan === undefined) return decision?.outcome ?? 'no route';
  const { route, plan, signals, permit } = decision;
  const request = route.bound.request(plan.envelope, [plan.element]);
  const facts = { signals, acceptedAt: hit.at, verdict: permit.verdict };
  const rule = egressViolation(tableOf(route.bound.egress), [facts], request);
  const leaked = { ...request, body: request.body?.replace('/krus', `/krus?acmeclid=${CLICK}`) ?? '' };
  const caught = egressViolation(tableOf(route.bound.egress), [facts], leaked);
  return JSON.stringify({ url: request.url, body: request.body, stopped: rule ?? null, addressCaught: caught ?? null });
}

const landing = visit({ page: `?acmeclid=${CLICK}&utm_campaign=krus` });
const kept = /^_acme_click=([^;]*)/.exec(landing.setCookies.find((set) => set.startsWith('_acme_click=')) ?? '')?.[1];
const cookies = `_acme_click=${kept ?? `ac.${NOW / 1000}.${CLICK}`}; _acme_b=b-7f3a91c2d4`;
const later = visit({ cookies, at: NOW + 20 * DAY });
const old = visit({ cookies, at: NOW + 31 * DAY });
const refused = visit({ cookies, groups: [] });

const partly = visit({ cookies, groups: ['A1', 'A2'] });
const log = new Decisions();
log.add(
  accountOf(partly, true),
  partly.events.flatMap(({ routes }) =>
    routes.filter(({ outcome }) => outcome === 'planned').map(() => 'stored' as const),
  ),
  gateway.policy,
);

const written = visit({ title: `Krus acmeclid=Fremd0001 eller ac.1795430000.Fremd0002 eller acmeclid|Fremd0003` });
const copied = visit({ title: `Krus ${CLICK}`, cookies });

const json = (params: object): Trace =>
  traceOf(
    jsonHit(
      { events: [{ name: 'purchase', user: { email: ' Kari@Example.no ' }, params }] },
      { cookies: `${consent(ALL)}; ${cookies}` },
    ),
  );

function canary(plant?: (text: string, place: string, serial: number) => string) {
  const profiles = sitesOf('acme', CONFIG);
  const run = new Run(
    profiles,
    plant === undefined ? undefined : (text, place, _, serial) => plant(text, place, serial),
  );
  run.hits(1, 1500);
  const { leaks, examples, seen, heldBack } = run.finish(1500);
  return {
    leaks,
    sorts: [...examples.keys()],
    seen: [...seen.keys()].filter((line) => line.startsWith('acme')),
    heldBack,
  };
}

const ofPage = OTHER_IDS.find(({ kind }) => kind === 'acmeclid of a page')?.kind;

process.stdout.write(
  JSON.stringify({
    fields: Object.entries(FIELDS)
      .filter(([name]) => name.startsWith('acme'))
      .map(([name, { class: of }]) => `${name}: ${of}`),
    landing: {
      set: landing.setCookies.filter((set) => set.startsWith('_acme')),
      sent: sentTo('acme_ads', landing),
      toGa4: sentTo('ga4', landing),
      subjects: landing.events[0]?.subjects,
    },
    later: { set: later.setCookies.filter((set) => set.startsWith('_acme')), sent: sentTo('acme_ads', later) },
    old: { set: old.setCookies.filter((set) => set.startsWith('_acme')), sent: sentTo('acme_ads', old) },
    refused: {
      set: refused.setCookies.filter((set) => set.startsWith('_acme')),
      withdrawn: refused.withdrawn.map(({ subject }) => subject),
      sent: sentTo('acme_ads', refused),
    },
    decisions: log
      .take(Infinity)
      .filter(({ route }) => route.endsWith('acme_ads'))
      .map(({ verdict, removed }) => ({ verdict, removed })),
    docs: configPage(loaded.config, gateway)
      .split('\n')
      .filter((line) => line.startsWith('| `_acme')),
    written: sentTo('ga4', written),
    copied: sentTo('ga4', copied),
    json: { sent: sentTo('acme_ads', json({})), repeating: json({ acmeclid: CLICK }).events[0]?.invalid ?? 'taken' },
    canary: canary(),
    planted:
      ofPage === undefined
        ? []
        : canary((text, place, serial) => (place === 'ga4' ? `${text} ${word(ofPage, serial)}` : text)).sorts,
  }),
);
