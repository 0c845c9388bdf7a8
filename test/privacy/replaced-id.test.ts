import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { keyedHash, sha256Hex } from '../../src/core/hash.ts';
import { createWindows } from '../../src/ledger/windows.ts';
import { decideRequest } from '../../src/decide/request.ts';
import { bitsFor, replacedClientId, replacedSessionId, type IdWindow } from '../../src/privacy/replaced-id.ts';
import { cookiebot, gatewayOf, jsonHit, NOW, webHit } from '../support/hits.ts';
import { keysFrom, replacing, sent, served } from './replaced-gateway.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const STATISTICS = cookiebot({ statistics: true }, NOW - 9 * DAY);
const START = Math.floor(NOW / DAY) * DAY;
const seconds = (at: number) => Math.floor(at / 1000);

const CID = `482310557.${seconds(START) - 3600}`;
const page = (more: Record<string, string> = {}) => ({
  v: '2',
  tid: 'G-TEST000001',
  cid: CID,
  sid: String(seconds(NOW) - 600),
  en: 'page_view',
  dl: 'https://shop.example.no/krus',
  ...more,
});

const windowOf = (key: number, began = START): IdWindow => ({
  began,
  hash: keyedHash(new Uint8Array(32).fill(key)),
  isCommon: () => true,
});

/** Of these visitors, the share that has its id in common with another one. */
function shared(ids: readonly string[]): number {
  const holders = new Map<string, number>();
  for (const id of ids) holders.set(id, (holders.get(id) ?? 0) + 1);
  let sharing = 0;
  for (const count of holders.values()) if (count > 1) sharing += count;
  return sharing / ids.length;
}

describe('ids that several visitors share (R3)', () => {
  const visitors = Array.from({ length: 100_000 }, (_, i) => `${1_000_000_007 + i * 7919}.${seconds(NOW) - i}`);

  it('needs 23 bits for 100,000 visitors, as 1 - e^(-N / 2^b) says, and as many more as visitors are more', () => {
    expect(bitsFor(100_000)).toBe(23);
    for (const n of [100, 5_000, 1_000_000, 10_000_000]) {
      const expected = 1 - Math.exp(-n / 2 ** bitsFor(n));
      expect(expected).toBeGreaterThan(0.005);
      expect(expected).toBeLessThan(0.02);
    }
  });

  it.each([1, 2])('0.5 to 2 % of 100,000 visitors share theirs (key %i)', (key) => {
    const share = shared(visitors.map((cid) => replacedClientId(cid, windowOf(key), 23)));
    expect(share).toBeGreaterThan(0.005);
    expect(share).toBeLessThan(0.02);
  });

  it('holds for fewer visitors, with the bits that are right for them', () => {
    const few = visitors.slice(0, 5_000);
    const share = shared(few.map((cid) => replacedClientId(cid, windowOf(4), bitsFor(5_000))));
    expect(share).toBeGreaterThan(0.005);
    expect(share).toBeLessThan(0.02);
  });

  it('negative control: a plain SHA-256 fails it, and so do the ids as they came', () => {
    expect(shared(visitors.slice(0, 20_000).map(sha256Hex))).toBe(0);
    expect(shared(visitors)).toBe(0);
  });

  it('has the form of a client id and holds nothing of the one it replaces', () => {
    const id = replacedClientId(CID, windowOf(1), 23);
    expect(id).toMatch(/^\d{1,7}\.\d{10}$/);
    expect(id.split('.')[1]).toBe(String(seconds(START)));
    expect(Number(id.split('.')[0])).toBeLessThan(2 ** 23);
  });
});

describe('sessions', () => {
  it.each([
    ['keep their hour only', START + 5 * HOUR + 1234_000, START + 6 * HOUR, START + 5 * HOUR],
    ['from before the window begin with it', START - 3 * HOUR, START + HOUR, START],
    ['from the future begin in the hour of the hit', START + 9 * HOUR, START + 6 * HOUR + 99_000, START + 6 * HOUR],
  ])('%s', (_, session, at, expected) => {
    expect(replacedSessionId(String(seconds(session)), windowOf(1), at)).toBe(String(seconds(expected)));
  });

  it('tell nothing where they are no time', () => {
    const at = START + 6 * HOUR + 99_000;
    expect(replacedSessionId('kari@example.no', windowOf(1), at)).toBe(String(seconds(START + 6 * HOUR)));
  });
});

describe('windows end for good (R4)', () => {
  const idAt = (at: number, gateway = replacing(), windows = createWindows(keysFrom(1))) =>
    sent(served(webHit(page(), { cookies: STATISTICS, at }), gateway, windows)).query.get('cid');

  it('one id within a window, another one in the next', () => {
    const gateway = replacing();
    const windows = createWindows(keysFrom(1));
    const first = idAt(START, gateway, windows);
    expect(idAt(START + DAY - 1, gateway, windows)).toBe(first);
    const next = idAt(START + DAY, gateway, windows);
    expect(next?.split('.')[0]).not.toBe(first?.split('.')[0]);
  });

  it('as long as the site says', () => {
    const gateway = replacing('{ window: 3h }');
    const windows = createWindows(keysFrom(1));
    const first = idAt(START, gateway, windows);
    expect(idAt(START + 3 * HOUR - 1, gateway, windows)).toBe(first);
    expect(idAt(START + 3 * HOUR, gateway, windows)?.split('.')[0]).not.toBe(first?.split('.')[0]);
  });

  it('nobody can compute an old id again, not with the whole configuration and its root key', () => {
    // Two gateways of one text and one root key, as after a restart: only the window's own key differs.
    expect(idAt(NOW, replacing(), createWindows(keysFrom(1)))).not.toBe(
      idAt(NOW, replacing(), createWindows(keysFrom(101))),
    );
    // Negative control: the pseudonym of an id without a time is derived from the root key, so it comes out again.
    const kept = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations: { ga4: { measurement_id: G-TEST000001 } }
`;
    const again = (cid: string) => {
      const done = decideRequest(webHit(page({ cid }), { cookies: STATISTICS }), gatewayOf(kept));
      return 'trace' in done ? sent(done.trace).query.get('cid') : undefined;
    };
    expect(again('1234567890123456')).toBe(again('1234567890123456'));
    expect(again('1234567890123456')).not.toBe('1234567890123456');
  });

  it('the key is overwritten once it is taken in, and of an ended window nothing can be had', () => {
    const given: Uint8Array[] = [];
    const random = keysFrom(1);
    const windows = createWindows(() => {
      const key = random();
      given.push(key);
      return key;
    });
    const gateway = replacing();
    const window = windows.at(gateway, NOW).get('shop.example.no') as IdWindow;
    window.hash('client|1');
    windows.at(gateway, NOW + DAY);
    expect(given).toHaveLength(2);
    expect(given.flatMap((key) => [...key]).every((byte) => byte === 0)).toBe(true);
    expect(() => window.hash('client|1')).toThrow('destroyed');
  });

  it('an ended window can be reached from nowhere', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const windows = createWindows(keysFrom(1));
    const gateway = replacing();
    const held = windows.at(gateway, NOW).get('shop.example.no');
    const kept = new WeakRef(held as IdWindow);
    const ended = (() => new WeakRef(windows.at(gateway, NOW + DAY).get('shop.example.no') as IdWindow))();
    windows.at(gateway, NOW + 2 * DAY);
    for (let i = 0; i < 5; i++) {
      await turn();
      collectGarbage();
    }
    expect(ended.deref()).toBeUndefined();
    // Negative control: what somebody still holds is found.
    expect(kept.deref()).toBe(held);
  });

  it('a configuration that is read again goes on with the window, one that says something else begins a new one', () => {
    const windows = createWindows(keysFrom(1));
    const first = idAt(NOW, replacing(), windows);
    expect(idAt(NOW, replacing(), windows)).toBe(first);
    expect(idAt(NOW, replacing('{ window: 12h }'), windows)).not.toBe(first);
  });

  it('two sites never give one visitor one id (R8)', () => {
    const two = replacing(
      '{}',
      `  - hosts: [other.example.no]
    origins: [https://other.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    privacy: { referrer: none, replaced_ids: {} }
    destinations: { ga4: { measurement_id: G-TEST000001 } }
`,
    );
    const windows = createWindows(keysFrom(1));
    const at = (host: string) =>
      sent(
        served(webHit(page(), { cookies: STATISTICS, host, headers: { origin: `https://${host}` } }), two, windows),
      ).query.get('cid');
    expect(at('shop.example.no')).not.toBe(at('other.example.no'));
  });
});

describe('what else could name a visitor (R8, R9)', () => {
  const gateway = replacing();
  const ALL = cookiebot({ preferences: true, statistics: true, marketing: true });

  it('does not leave without a window: no id is better than a lasting one', () => {
    const done = decideRequest(webHit(page(), { cookies: STATISTICS }), gateway);
    if (!('trace' in done)) throw new Error('refused');
    expect(done.trace.events[0]?.routes[0]).toMatchObject({
      outcome: 'skipped',
      reason: { code: 'skip.lacks', params: { fields: 'client_id' } },
    });
  });

  it('no id of the shop, of another system or of the browser leaves with a web hit, whatever was granted', () => {
    const trace = served(
      webHit(
        page({
          en: 'purchase',
          dl: 'https://shop.example.no/takk?gclid=Cj0Canary&li_fat_id=11111111-2222-4333-8444-555555555555#k=Canary',
          uid: 'Canary-crm',
          em: 'tv.1~em.CanaryHash',
          sct: '93',
          _p: '1795169690123',
          'ep.transaction_id': 'T-Canary',
          'ep.event_id': 'Canary-event',
          'ep.coupon': 'Canary-coupon',
          'ep.member': 'Canary-member',
          'up.level': 'Canary-level',
          cs: 'Canary-source',
          ci: 'Canary-campaign',
          sr: '1437x899',
          uam: 'Canary-model',
          tag_exp: '103116026~103200004',
          tfd: '4217',
          pr1: 'idSKU-1~nmKrus~cpCanary~k0x~vCanary',
          'epn.value': '99',
          cu: 'NOK',
        }),
        {
          cookies: `${ALL}; _fbp=fb.1.1795300000123.1098115397; _gcl_au=1.1.1098115397.1795300000`,
          headers: { 'accept-language': 'nn-NO,CanaryLanguage', 'sec-ch-ua-model': '"CanaryPhone"' },
        },
      ),
      gateway,
      createWindows(keysFrom(1)),
    );
    const { query, agent } = sent(trace);
    const kept = ['v', 'tid', 'gcs', 'gcd', 'npa', 'dma', 'dma_cps', 'pscdl', 'cid', 'sid', 'dl', 'en'];
    const order = ['cu', 'epn.value', 'pr1'];
    expect([...query.keys()].filter((key) => !kept.includes(key) && !order.includes(key))).toEqual([]);
    expect(query.get('pr1')).toBe('idSKU-1~nmKrus');
    expect(query.get('dl')).toBe('https://shop.example.no/takk');
    const text = `${query}\n${agent}`;
    expect(text).not.toMatch(/canary|1437|4217|103116026|1795169690123|1098115397|482310557/i);
    expect(trace.setCookies.join()).not.toMatch(/Canary|_gcl_aw|li_fat_id=1/);
  });

  it('nor with JSON events of a page', () => {
    const trace = served(
      jsonHit(
        {
          events: [
            {
              name: 'purchase',
              params: { transaction_id: 'T-Canary', value: 99, currency: 'NOK', member: 'Canary', coupon: 'Canary' },
              user: { id: 'Canary-crm', email: 'canary@example.no' },
            },
          ],
        },
        { cookies: `${ALL}; _ga=GA1.1.${CID}` },
      ),
      gateway,
      createWindows(keysFrom(1)),
    );
    const { route, plan } = trace.events[0]?.routes[0] ?? {};
    const body = route?.bound.request(plan?.envelope ?? '', [plan?.element ?? '']).body ?? '';
    expect(JSON.parse(body)).toMatchObject({ client_id: expect.stringMatching(/^\d{1,7}\.\d{10}$/) });
    expect(body).not.toMatch(/canary|482310557/i);
    expect(body).not.toContain(sha256Hex('canary@example.no'));
  });

  it('a custom parameter passes where the route lists it, and only there', () => {
    const listed = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    privacy: { referrer: none, replaced_ids: {} }
    destinations: { ga4: { measurement_id: G-TEST000001, params: [percent_scrolled] } }
`);
    const hit = webHit(page({ 'epn.percent_scrolled': '90', 'ep.member': 'M-1' }), { cookies: STATISTICS });
    const at = (chosen: typeof listed) => [...sent(served(hit, chosen, createWindows(keysFrom(1)))).query.keys()];
    expect(at(listed)).toContain('epn.percent_scrolled');
    expect(at(listed)).not.toContain('ep.member');
    expect(at(gateway)).not.toContain('epn.percent_scrolled');
  });
});
