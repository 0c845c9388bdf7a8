import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noChromium } from '../support/chromium.ts';
import { GA4_CLIENT, packageFile } from './shop.ts';
import { newVisitor, openWorld, received, type Visitor, type World } from './world.ts';

/** A page with the GA4 client, which sends a page view at once and after every choice. */
const page = (banner: string): string => `<!doctype html><html lang="en"><head><title>Shop</title>
<link rel="stylesheet" href="/osano.css">
<script>window.minimalAnalytics = { trackingId: 'G-TEST000001', analyticsEndpoint: '/g/collect', defineGlobal: true };</script>
<script src="/ga4.js"></script></head><body><h1>Shop</h1>
<script>document.documentElement.addEventListener('click', (event) => event.stopPropagation());</script>
${banner}
<script>track();</script></body></html>`;

const PAGES = {
  '/ga4.js': GA4_CLIENT,
  '/osano.js': packageFile('cookieconsent/build/cookieconsent.min.js'),
  '/osano.css': packageFile('cookieconsent/build/cookieconsent.min.css'),
  // Set up as its documentation shows for opt-in.
  '/osano': page(`<script src="/osano.js"></script><script>
cookieconsent.initialise({ type: 'opt-in', revokable: true, animateRevokable: false, onStatusChange: () => track() });
</script>`),
  // A site's own banner: three buttons and the gateway's bridge.
  '/own': page(`<script src="/g/consent.js"></script>
<button onclick="portvaktConsent({ preferences: false, statistics: false, marketing: false }); track()">No</button>
<button onclick="portvaktConsent({ preferences: false, statistics: true, marketing: false }); track()">Count me</button>
<button onclick="portvaktConsent({ preferences: true, statistics: true, marketing: true }); track()">Yes</button>`),
  '/usercentrics': page('<script src="/g/consent.js"></script>'),
  '/plain': page(''),
};

/** A site on a host of its own: GA4, and a ping that shows that the others' silence is a decision. */
const site = (host: string, cmp: string, port: number, cookies: string): string => `
  - hosts: [${host}]
    origins: [http://${host}:${port}]
    country: NO
    consent: { cmp: [${cmp}] }
    privacy: { ip: none, user_agent: family, url_query: [], referrer: origin }
    cookies: { analytics: 7d, ads: 30d, own_id: true${cookies} }
    destinations:
      ga4: { measurement_id: G-TEST000001, region: eu }
      google_ads:
        customer_id: "1234567890"
        conversions: { purchase: "700123456" }
        credentials: \${GOOGLE_ADS_CREDENTIALS}
        without_consent: limited
        conversion_id: "987654321"
        labels: { purchase: AbC-D_efGhIjKl }
`;

let world: World;
const at = (host: string, path: string) => `http://${host}:${world.port}${path}`;

describe.skipIf(noChromium !== undefined)('other banners, in a browser', () => {
  beforeAll(async () => {
    world = await openWorld(PAGES, (port) =>
      [
        'sites:',
        site('osano.localhost', 'osano-cookieconsent', port, ''),
        site('own.localhost', 'bridge', port, ''),
        site('usercentrics.localhost', 'usercentrics', port, ''),
        site('www.shop.localhost', 'bridge', port, ', domain: shop.localhost'),
      ].join(''),
    );
  });
  afterAll(() => world.close());

  it("reads Osano's open-source banner: deny, allow, and revoke", async () => {
    const visitor = await newVisitor(world.browser);
    const banner = (button: string) => visitor.page.locator(`.cc-window .cc-${button}`).click();
    // The banner's way back is a tab at the edge of the window.
    // The banner that fades out lies over it for a while, and for long where the machine is busy.
    const reopen = () => visitor.page.locator('.cc-revoke').dispatchEvent('click');

    await visitor.hits(1, () => visitor.page.goto(at('osano.localhost', '/osano')));
    await buy(visitor);
    expect(await summary(1)).toEqual(['ping G100']);
    expect(await visitor.jar()).toEqual([]);

    await visitor.hits(1, () => banner('deny'));
    await buy(visitor);
    expect(await summary(1)).toEqual(['ping G100']);
    expect(await visitor.jar()).toEqual(['cookieconsent_status']);

    await reopen();
    await visitor.hits(1, () => banner('allow'));
    expect(await summary(1)).toEqual(['page_view G111']);
    expect(await visitor.jar()).toEqual(['cookieconsent_status', 'pv_id']);

    await reopen();
    await visitor.hits(1, () => banner('deny'));
    await buy(visitor);
    expect(await summary(1)).toEqual(['ping G100']);
    expect(await visitor.jar()).toEqual(['cookieconsent_status']);
    await visitor.context.close();
  });

  it('reads a home-made banner over the bridge script: no, statistics, yes, and no again', async () => {
    const visitor = await newVisitor(world.browser);
    const press = (name: string) => visitor.page.getByRole('button', { name }).click();

    await visitor.hits(1, () => visitor.page.goto(at('own.localhost', '/own')));
    await visitor.hits(1, () => press('No'));
    await buy(visitor);
    expect(await summary(1)).toEqual(['ping G100']);
    expect(await visitor.jar()).toEqual(['pv_consent']);

    await visitor.hits(1, () => press('Count me'));
    await buy(visitor);
    expect(await summary(3)).toEqual(['page_view G101', 'ping G101', 'purchase G101']);
    expect(await visitor.jar()).toEqual(['pv_consent', 'pv_id']);

    await visitor.hits(1, () => press('Yes'));
    expect(await summary(1)).toEqual(['page_view G111']);

    await visitor.hits(1, () => press('No'));
    await buy(visitor);
    expect(await summary(1)).toEqual(['ping G100']);
    expect(await visitor.jar()).toEqual(['pv_consent']);
    await visitor.context.close();
  });

  it('hears the event of Usercentrics through the bridge script', async () => {
    const visitor = await newVisitor(world.browser);
    /** What Usercentrics dispatches when its visitor has answered; `type` is IMPLICIT until then. */
    const answer = (type: string, statistics: boolean, marketing: boolean) =>
      visitor.page.evaluate(
        (detail) => {
          window.dispatchEvent(new CustomEvent('ucEvent', { detail }));
          window.track?.();
        },
        { event: 'consent_status', type, ucCategory: { essential: true, functional: false, statistics, marketing } },
      );

    await visitor.hits(1, () => visitor.page.goto(at('usercentrics.localhost', '/usercentrics')));
    await visitor.hits(1, () => answer('implicit', true, true));
    await buy(visitor);
    expect(await summary(1)).toEqual(['ping G100']);
    expect(await visitor.jar()).toEqual([]);

    await visitor.hits(1, () => answer('explicit', true, false));
    expect(await summary(1)).toEqual(['page_view G101']);
    expect(await visitor.jar()).toEqual(['pv_consent', 'pv_id']);

    await visitor.hits(1, () => answer('explicit', false, false));
    await buy(visitor);
    expect(await summary(1)).toEqual(['ping G100']);
    expect(await visitor.jar()).toEqual(['pv_consent']);
    await visitor.context.close();
  });

  it('finds the cookies wherever page tags put them: host, domain, and both at once (R32)', async () => {
    const visitor = await newVisitor(world.browser);
    const { page: tab } = visitor;
    await visitor.hits(1, () => tab.goto(at('www.shop.localhost', '/plain')));
    await visitor.hits(1, () =>
      tab.evaluate(() => {
        const s = Math.floor(Date.now() / 1000) - 60;
        const keep = 'path=/; max-age=31536000';
        document.cookie = `pv_consent=1.p1s1m1.${s}; ${keep}`;
        document.cookie = `_ga=GA1.1.111111111.${s}; ${keep}; domain=shop.localhost`;
        document.cookie = `_ga_TEST000001=GS2.1.s${s}$o1$g1$t${s}$j60$l0$h0; ${keep}; domain=shop.localhost`;
        document.cookie = `_fbp=fb.1.${s}000.1098115397; ${keep}; domain=www.shop.localhost`;
        document.cookie = `_gcl_au=1.1.1234567890.${s}; ${keep}`;
        document.cookie = `_gcl_au=1.1.1234567890.${s}; ${keep}; domain=shop.localhost`;
        window.track?.();
      }),
    );
    expect(await summary(1)).toEqual(['page_view G111']);
    expect(await visitor.jar()).toContain('_ga');

    await visitor.hits(1, () =>
      tab.evaluate(() => {
        document.cookie = `pv_consent=1.p0s0m0.${Math.floor(Date.now() / 1000)}; path=/; max-age=31536000`;
        window.track?.();
      }),
    );
    expect(await visitor.jar()).toEqual(['pv_consent']);
    await visitor.context.close();
  });
});

/** What vendors received, one word each: the event's name or `ping`, and the consent that was sent along. */
async function summary(count: number): Promise<string[]> {
  const requests = await received(world, count);
  return requests
    .map(({ host, query, body }) => {
      const keys = new URLSearchParams(query);
      if (host === 'pagead2.googlesyndication.com') return `ping ${keys.get('gcs')}`;
      return host === 'region1.google-analytics.com' ? `${keys.get('en')} ${keys.get('gcs')}` : `${host} ${body}`;
    })
    .toSorted();
}

let orders = 0;

/** A purchase: every state of consent shows in it, because the operator chose the ping. */
async function buy({ page: tab, hits }: Visitor): Promise<void> {
  // The same order number again would be a repeat of the first.
  const order = `ORD-${++orders}`;
  await hits(1, () =>
    tab.evaluate((id) => {
      window.track?.({
        type: 'purchase',
        event: { 'ep.transaction_id': id, 'ep.currency': 'NOK', 'epn.value': '5' },
      });
    }, order),
  );
}
