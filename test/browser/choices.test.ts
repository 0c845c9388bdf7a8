import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cookie, Page } from 'playwright-core';
import { noChromium } from '../support/chromium.ts';
import type { Recorded } from '../support/recorder.ts';
import {
  ADS_S,
  ANALYTICS_S,
  byUrl,
  CLICK,
  ga4,
  googleAds,
  HIT_EVENT,
  linkedin,
  meta,
  microsoft,
  page_view,
  ping,
  plainly,
  purchase,
  recipients,
  ROTATING,
} from './expected.ts';
import { GA4_CLIENT, packageFile } from './shop.ts';
import { newVisitor, openWorld, received, type Visitor, type World } from './world.ts';

/** A page with a real banner and a real GA4 client, set up as their manuals say; a choice is followed by a page view. */
const PAGE = `<!doctype html><html lang="en"><head><title>Shop</title>
<link rel="stylesheet" href="/cookieconsent.css">
<script>window.minimalAnalytics = { trackingId: 'G-DEMO000001', analyticsEndpoint: '/g/collect', defineGlobal: true };</script>
<script src="/ga4.js"></script><script src="/cookieconsent.js"></script></head><body><h1>Shop</h1>
<script>
// The client reports presses of buttons too; these tests are about page views and purchases.
document.documentElement.addEventListener('click', (event) => event.stopPropagation());
track();
CookieConsent.run({
  categories: { necessary: { enabled: true, readOnly: true }, analytics: {}, marketing: {} },
  onFirstConsent: () => track(),
  onChange: () => track(),
  language: { default: 'en', translations: { en: {
    consentModal: { title: 'Cookies?', description: 'Choose.', acceptAllBtn: 'Accept all', acceptNecessaryBtn: 'Reject all', showPreferencesBtn: 'Choose' },
    preferencesModal: { title: 'Choices', acceptAllBtn: 'Accept all', acceptNecessaryBtn: 'Reject all', savePreferencesBtn: 'Save',
      sections: [{ title: 'Statistics', linkedCategory: 'analytics' }, { title: 'Marketing', linkedCategory: 'marketing' }] },
  } } },
});
</script></body></html>`;

const PAGES = {
  '/': PAGE,
  '/ga4.js': GA4_CLIENT,
  '/cookieconsent.js': packageFile('vanilla-cookieconsent/dist/cookieconsent.umd.js'),
  '/cookieconsent.css': packageFile('vanilla-cookieconsent/dist/cookieconsent.css'),
};

/** An address in the link, which no vendor may get. */
const EMAIL = 'kari.nordmann@example.no';
const LANDING = `/?${new URLSearchParams({ ...CLICK, utm_source: 'newsletter', email: EMAIL }).toString()}`;

let world: World;
let origin: string;

describe.skipIf(noChromium !== undefined)('the choices of a visitor, in a browser with a real banner', () => {
  beforeAll(async () => {
    const config = readFileSync(new URL('../../config/demo.yaml', import.meta.url), 'utf8');
    world = await openWorld(PAGES, (port) => config.replaceAll(':8080', `:${port}`));
    origin = `http://127.0.0.1:${world.port}`;
  });
  afterAll(() => world.close());

  it('sends what each choice permits, byte for byte, and keeps the cookies it permits', async () => {
    const visitor = await newVisitor(world.browser);
    const { page } = visitor;
    const everything: Recorded[] = [];
    const got = async (count: number) => {
      const found = await received(world, count);
      everything.push(...found);
      return found;
    };

    // Before a choice: nothing but the ping the operator chose, without an identifier in it.
    const answer = page.waitForResponse((response) => response.url().includes('/g/collect'));
    await visitor.hits(1, () => page.goto(origin + LANDING));
    // The answer also has nothing by which a browser could be recognised again (R24, R33).
    const headers = await (await answer).allHeaders();
    expect(headers['cache-control']).toBe('no-store');
    expect(['set-cookie', 'etag', 'last-modified'].filter((name) => name in headers)).toEqual([]);
    await buy(visitor, 'ORD-1');
    expect((await got(1)).map(plainly)).toEqual([ping(origin, 'G100', '13p3p3p2p5l1')]);
    expect(await visitor.jar()).toEqual([]);

    // Reject all: the same, but asked and refused.
    await visitor.hits(1, () => page.getByRole('button', { name: 'Reject all' }).first().click());
    await buy(visitor, 'ORD-2');
    expect((await got(1)).map(plainly)).toEqual([ping(origin, 'G100', '13q3q3q2q5l1')]);
    expect(await visitor.jar()).toEqual(['cc_cookie']);

    // Statistics only: GA4 gets its hits with nothing of advertising in them; ad vendors get nothing new.
    await visitor.hits(1, () => choose(page, { statistics: true }));
    const statistics = { gcs: 'G101', gcd: '13q3r3q2q5l1', npa: '1', dma_cps: '-', pscdl: 'denied' };
    expect((await got(1)).map(plainly)).toEqual([
      ga4({ ...statistics, ...page_view(), dl: `${origin}/?utm_source=newsletter` }),
    ]);
    await buy(visitor, 'ORD-3');
    expect((await got(2)).map(plainly).toSorted(byUrl)).toEqual([
      ping(origin, 'G101', '13q3r3q2q5l1'),
      ga4({ ...statistics, ...purchase('ORD-3'), dl: `${origin}/?utm_source=newsletter` }),
    ]);
    expect(await visitor.jar()).toEqual(['cc_cookie', 'pv_id']);
    const own = await cookie(visitor, 'pv_id');
    expect(own).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/', domain: '127.0.0.1' });
    expect(await outliving(visitor, ['pv_id'], ANALYTICS_S)).toEqual([]);

    // So far no byte to any vendor names the visitor.
    const clientId = await page.evaluate(() => localStorage.getItem('clientId'));
    expect(clientId).toMatch(/^\d{16}$/);
    const sent = JSON.stringify(everything);
    for (const secret of [...Object.values(CLICK), EMAIL, encodeURIComponent(EMAIL), clientId ?? '', own.value]) {
      expect(sent).not.toContain(secret);
    }

    // Accept all: everybody gets what their sheet takes, and the click ids are kept for the conversion to come.
    everything.length = 0;
    await visitor.hits(1, () => choose(page, { statistics: true, marketing: true }));
    const accepted = { gcs: 'G111', gcd: '13r3r3r2r5l1', npa: '0', dma_cps: 'a' };
    const dl = `${origin}/?utm_source=newsletter&gclid=${CLICK.gclid}`;
    expect((await got(3)).map(plainly).toSorted(byUrl)).toEqual([
      microsoft(origin, [{ eventType: 'pageLoad', eventId: HIT_EVENT }]),
      meta(origin, [{ event_name: 'PageView', event_id: HIT_EVENT }]),
      ga4({ ...accepted, ...page_view(), dl }),
    ]);
    await buy(visitor, 'ORD-4');
    expect((await got(5)).map(plainly).toSorted(byUrl)).toEqual([
      linkedin('ORD-4'),
      microsoft(origin, [
        {
          eventType: 'custom',
          eventName: 'purchase',
          eventId: 'ORD-4',
          customData: {
            value: 599,
            currency: 'NOK',
            transactionId: 'ORD-4',
            pageType: 'purchase',
            items: [{ id: 'SKU-1', quantity: 2, price: 299.5, name: 'Mug' }],
          },
        },
      ]),
      googleAds('ORD-4'),
      meta(origin, [
        {
          event_name: 'Purchase',
          event_id: 'ORD-4',
          custom_data: {
            currency: 'NOK',
            value: 599,
            order_id: 'ORD-4',
            content_type: 'product',
            content_ids: ['SKU-1'],
            contents: [{ id: 'SKU-1', quantity: 2, item_price: 299.5 }],
          },
        },
      ]),
      ga4({ ...accepted, ...purchase('ORD-4'), dl }),
    ]);
    // Each click id went to its owner alone.
    expect(recipients(everything)).toEqual({
      gclid: ['datamanager.googleapis.com', 'region1.google-analytics.com'],
      fbclid: ['graph.facebook.com'],
      msclkid: ['capi.uet.microsoft.com'],
      li_fat_id: ['api.linkedin.com'],
    });
    expect(await visitor.jar()).toEqual([
      '_fbc',
      '_gcl_aw',
      '_uetmsclkid',
      'cc_cookie',
      'li_fat_id',
      'pv_id',
      'pv_seen',
    ]);
    expect(await outliving(visitor, ['_fbc', '_gcl_aw', '_uetmsclkid', 'li_fat_id', 'pv_seen'], ADS_S)).toEqual([]);
    expect((await cookie(visitor, 'pv_id')).value).toBe(own.value);

    // Withdrawal: the jar holds nothing but the choice itself, and nothing but the ping goes out.
    everything.length = 0;
    await visitor.hits(1, () => choose(page, {}));
    expect(await visitor.jar()).toEqual(['cc_cookie']);
    await buy(visitor, 'ORD-5');
    expect((await got(1)).map(plainly)).toEqual([ping(origin, 'G100', '13q3q3q2q5l1')]);

    // In all that time the browser sent requests to the shop only (R10, R24).
    expect([...new Set(visitor.asked.map((url) => new URL(url).origin))]).toEqual([origin]);
    await visitor.context.close();
  });

  it('cuts the cookies of page tags to their cap, and empties the jar of them at withdrawal (R25, R32)', async () => {
    const visitor = await newVisitor(world.browser);
    const { page } = visitor;
    await visitor.hits(1, () => page.goto(origin));
    await visitor.hits(1, () => page.getByRole('button', { name: 'Accept all' }).first().click());
    const now = Date.now();
    // As the vendors' own scripts write them, with the two years and the ninety days they give themselves.
    await page.evaluate((ms) => {
      const s = Math.floor(ms / 1000);
      for (const [name, value, days] of [
        ['_ga', `GA1.1.482310557.${s - 3600}`, 400],
        ['_ga_DEMO000001', `GS2.1.s${s - 60}$o1$g1$t${s}$j60$l0$h0`, 400],
        ['_gcl_au', `1.1.1234567890.${s - 3600}`, 90],
        ['_fbp', `fb.3.${ms - 3_600_000}.1098115397`, 90],
        ['_uetvid', '1234567890abcdef1234567890abcdef', 390],
      ] as const) {
        document.cookie = `${name}=${value}; path=/; max-age=${days * 86_400}`;
      }
    }, now);
    await buy(visitor, 'ORD-6');
    expect(await visitor.jar()).toEqual([
      '_fbp',
      '_ga',
      '_ga_DEMO000001',
      '_gcl_au',
      '_uetvid',
      'cc_cookie',
      'pv_id',
      'pv_seen',
    ]);
    expect(await outliving(visitor, ['_ga', '_ga_DEMO000001'], ANALYTICS_S)).toEqual([]);
    expect(await outliving(visitor, ['_fbp', '_gcl_au', '_uetvid'], ADS_S)).toEqual([]);

    // Only marketing is taken back: its cookies go, those of statistics stay.
    await visitor.hits(1, () => choose(page, { statistics: true }));
    expect(await visitor.jar()).toEqual(['_ga', '_ga_DEMO000001', 'cc_cookie', 'pv_id']);
    await visitor.hits(1, () => choose(page, {}));
    expect(await visitor.jar()).toEqual(['cc_cookie']);
    await received(world, 0);
    await visitor.context.close();
  });

  it('lets the browser\'s own objection (GPC) overrule "Accept all" for advertising', async () => {
    const visitor = await newVisitor(world.browser, { extraHTTPHeaders: { 'sec-gpc': '1' } });
    await visitor.hits(1, () => visitor.page.goto(origin + LANDING));
    await visitor.hits(1, () => visitor.page.getByRole('button', { name: 'Accept all' }).first().click());
    await buy(visitor, 'ORD-7');
    const requests = await received(world, 3);
    expect(requests.map(({ host, query }) => `${host} ${new URLSearchParams(query).get('gcs')}`).toSorted()).toEqual([
      'pagead2.googlesyndication.com G101',
      'region1.google-analytics.com G101',
      'region1.google-analytics.com G101',
    ]);
    expect(Object.values(recipients(requests)).flat()).toEqual([]);
    expect(await visitor.jar()).toEqual(['cc_cookie', 'pv_id']);
    await visitor.context.close();
  });

  it('replaces an id without a time in it by a hash that differs between visitors and lasts one window', async () => {
    const [first, second] = await Promise.all([newVisitor(world.browser), newVisitor(world.browser)]);
    const raw: string[] = [];
    for (const { page, hits, context } of [first, second]) {
      await hits(1, () => page.goto(origin));
      await hits(1, () => choose(page, { statistics: true }));
      // A second page of the same visit. The client says goodbye to the first one, whose answer no page is there to see.
      await hits(1, () => page.goto(`${origin}/?utm_source=newsletter`));
      raw.push((await page.evaluate(() => localStorage.getItem('clientId'))) ?? '');
      await context.close();
    }
    const requests = await received(world, 6);
    const hits = requests.map(({ query }) => new URLSearchParams(query));
    // What a page says when it is left, and what the next one says, are two requests that may overtake each other.
    expect(hits.map((hit) => hit.get('en') ?? '').toSorted()).toEqual([
      ...Array.from({ length: 4 }, () => 'page_view'),
      ...Array.from({ length: 2 }, () => 'user_engagement'),
    ]);
    const ids = hits.map((hit) => hit.get('cid') ?? '');
    for (const cid of ids) expect(cid).toMatch(ROTATING);
    // One pseudonym a visitor, through all pages of the visit.
    const visits = [...Map.groupBy(ids, (id) => id).values()];
    expect(visits.map(({ length }) => length)).toEqual([3, 3]);
    for (const id of raw) expect(JSON.stringify(requests)).not.toContain(id);
  });
});

async function buy({ page, hits }: Visitor, order: string): Promise<void> {
  await hits(1, () =>
    page.evaluate((id) => {
      window.track?.({
        type: 'purchase',
        event: {
          'ep.transaction_id': id,
          'ep.currency': 'NOK',
          'epn.value': '599',
          'ep.email': 'kari.nordmann@example.no',
          pr1: 'idSKU-1~nmMug~caHome~pr299.5~qt2',
        },
      });
    }, order),
  );
}

/** Opens the banner's second layer and sets its two switches. */
async function choose(page: Page, { statistics = false, marketing = false }): Promise<void> {
  await page.evaluate(() => window.CookieConsent.showPreferences());
  const dialog = page.getByRole('dialog', { name: 'Choices' });
  // The visible switch is drawn over the checkbox.
  await dialog.getByRole('checkbox', { name: 'Statistics' }).setChecked(statistics, { force: true });
  await dialog.getByRole('checkbox', { name: 'Marketing' }).setChecked(marketing, { force: true });
  await dialog.getByRole('button', { name: 'Save' }).click();
}

async function cookie(visitor: Visitor, name: string): Promise<Cookie> {
  const found = (await visitor.context.cookies()).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no cookie ${name}`);
  return found;
}

/** Which of these cookies live longer than `seconds` from now; every one of them must be there. */
async function outliving(visitor: Visitor, names: readonly string[], seconds: number): Promise<string[]> {
  const cookies = await Promise.all(names.map((name) => cookie(visitor, name)));
  const end = Date.now() / 1000 + seconds + 1;
  return cookies.filter(({ expires }) => expires === -1 || expires > end).map(({ name }) => name);
}
