import { describe, expect, it } from 'vitest';
import { NOTHING_REMOVED } from '../../src/ledger/guarded.ts';
import { accountOf, type Account } from '../../src/ledger/account.ts';
import { decideRequest } from '../../src/decide/request.ts';
import type { Hit } from '../../src/protocols/hit.ts';
import { cookiebot, gatewayOf, jsonHit, NOW, webHit } from '../support/hits.ts';

const gateway = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${A}" }
      meta: { pixel_id: "123456789012345", access_token: "\${B}" }
`);

const CID = `482310557.${NOW / 1000 - 86_400}`;
const EMAIL_HASH = '1hFzBkhe0OUK-rOshx6Y-BaZFR8wKBUn1j_18jNlbGk';

/** Values of these hits that say who it was, where, and what was bought. */
const HELD: readonly string[] = [
  CID,
  'crm-8841',
  EMAIL_HASH,
  '1795168000',
  'Cj0KExample_aBc',
  '/takk',
  'ORD-20261120-7',
  '203.0.113',
  'Mozilla',
  'Tursekk',
];

const web = webHit(
  {
    v: '2',
    tid: 'G-TEST000001',
    en: 'purchase',
    cu: 'NOK',
    'epn.value': '599',
    cid: CID,
    uid: 'crm-8841',
    em: `tv.1~em.${EMAIL_HASH}`,
    sid: '1795168000',
    dl: 'https://shop.example.no/takk?gclid=Cj0KExample_aBc',
    'ep.transaction_id': 'ORD-20261120-7',
    pr1: 'idSKU-1~nmTursekk~pr599~qt1',
  },
  { cookies: cookiebot({ statistics: true, marketing: true }), headers: { 'user-agent': 'Mozilla/5.0' } },
);

function account(hit: Hit, recorded = true): Account {
  const done = decideRequest(hit, gateway);
  if (!('trace' in done)) throw new Error(JSON.stringify(done.problem));
  return accountOf(done.trace, recorded);
}

/** Every text an account holds; what the configuration says of sites and routes belongs to no visitor. */
function textsIn(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'function') return ['a function may hold anything'];
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  return membersOf(value).flatMap((member) => textsIn(member, seen));
}

function membersOf(value: object): unknown[] {
  if (value instanceof Map) return [...value].flat();
  if (value instanceof Set || Array.isArray(value)) return [...value];
  return Object.entries(value).flatMap(([key, member]) => (key === 'site' || key === 'route' ? [] : [key, member]));
}

describe('what waits for the disk with a hit', () => {
  it('is nothing of the visitor or of the event', () => {
    const texts = textsIn(account(web)).join('\n');
    expect(texts).toContain('planned');
    for (const held of HELD) expect(texts).not.toContain(held);
    expect(texts).not.toContain('a function');
  });

  it('holds what the hit holds, so that the test above has something to find', () => {
    const texts = textsIn(web).join('\n');
    for (const held of HELD) expect(decodeURIComponent(texts)).toContain(held);
  });

  it('says what is kept from a vendor only where a record of decisions is kept, and only of events that go there', () => {
    const under = (choice: Parameters<typeof cookiebot>[0]): Hit => ({
      ...web,
      headers: { ...web.headers, cookie: cookiebot(choice) },
    });
    const removed = (hit: Hit, recorded: boolean) =>
      account(hit, recorded).events.map(({ routes }) => routes.map((route) => route.removed !== NOTHING_REMOVED));
    // GA4 goes without the click id and the e-mail address; Meta gets nothing, so nothing was taken out for it.
    expect(removed(under({ statistics: true }), true)).toEqual([[true, false]]);
    expect(removed(under({ statistics: true }), false)).toEqual([[false, false]]);
    expect(removed(under({}), true)).toEqual([[false, false]]);
    expect(removed(under({ statistics: true, marketing: true }), true)).toEqual([[false, false]]);
  });

  it('has an entry for each event, in order', () => {
    const names = ['add_to_cart', 'purchase', 'page_view'];
    const hit = jsonHit({ events: names.map((name) => ({ name, client_id: CID })) });
    const { events } = account(hit);
    expect(events).toHaveLength(names.length);
    for (const { routes } of events) expect(routes.map(({ route }) => route.name)).toEqual(['ga4', 'meta']);
  });
});
