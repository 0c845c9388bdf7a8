import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page, Request } from 'playwright-core';
import type { PvParams } from '../../tag/pv.d.ts';
import { launchChromium, noChromium } from '../support/chromium.ts';
import type { Recorded } from '../support/recorder.ts';
import { ANALYTICS_S, byUrl, CLICK, ping, plainly, recipients } from './expected.ts';
import { packageFile, type ShopPage } from './shop.ts';
import { content, newVisitor, openWorld, received, type Visitor, type World } from './world.ts';

/** The strictest policy of a site for its scripts: only those with the nonce of this answer run. */
const POLICY = [
  "default-src 'none'",
  "script-src 'nonce-Zm9v' 'strict-dynamic'",
  "style-src 'self'",
  "connect-src 'self'",
].join('; ');

/** The site's own script: the line that keeps calls until the tag is there, and a real banner. */
const SITE = `
window.pv ||= function () { (pv.q ||= []).push(arguments) };
window.violations = [];
document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => violations.push(violatedDirective));
addEventListener('pageshow', ({ persisted }) => void fetch('/shown?' + persisted));
window.CookieConsent?.run({
  categories: { necessary: { enabled: true, readOnly: true }, analytics: {}, marketing: {} },
  language: { default: 'en', translations: { en: {
    consentModal: { title: 'Cookies?', description: 'Choose.', acceptAllBtn: 'Accept all', acceptNecessaryBtn: 'Reject all', showPreferencesBtn: 'Choose' },
    preferencesModal: { title: 'Choices', acceptAllBtn: 'Accept all', acceptNecessaryBtn: 'Reject all', savePreferencesBtn: 'Save',
      sections: [{ title: 'Statistics', linkedCategory: 'analytics' }, { title: 'Marketing', linkedCategory: 'marketing' }] },
  } } },
});`;

const banner = '<script defer src="/cookieconsent.js" nonce="Zm9v"></script>';
const site = '<script defer src="/site.js" nonce="Zm9v"></script>';
const tag = (attributes = '', prefix = '') =>
  `<script src="${prefix}/g/pv.js" async nonce="Zm9v" ${attributes}></script>`;
const page = (head: string, body = '', headers: Readonly<Record<string, string>> = {}): ShopPage => ({
  body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<link rel="stylesheet" href="/cookieconsent.css">${head}</head><body><h1>Shop</h1>${body}</body></html>`,
  headers: { 'content-security-policy': POLICY, ...headers },
});

const ACTIONS = `
<button id="plain" data-pv-event="add_to_cart" data-pv-value="299.5" data-pv-currency="NOK" data-pv-list-name="front"><b>Add</b></button>
<form action="/next" data-pv-event="generate_lead" data-pv-form-id="contact"><input name="q"><button id="ask">Ask</button></form>
<a id="leave" href="/next" data-pv-event="select_promotion">Leave</a><a id="quiet" href="/next">Quiet</a>`;

const PAGES: Readonly<Record<string, ShopPage>> = {
  '/': page(tag() + banner + site, ACTIONS),
  // The site's script first: calls come before the tag, and are kept.
  '/early': page(
    `${banner + site}<script defer src="/early.js" nonce="Zm9v"></script>${tag().replace('async', 'defer')}`,
  ),
  '/early.js': "pv('sign_up', { method: 'email' }, { id: 'sign-up-1' });",
  '/next': page(tag() + site),
  '/cached': page(tag() + site, '', { 'cache-control': 'max-age=3600' }),
  '/own': page(tag('data-consent="my_choice"') + site),
  '/told': page(tag('data-consent="never_there"') + site),
  '/at-once': page(tag('data-wait="off"') + site),
  '/manual': page(tag('data-views="manual"') + site),
  '/twice': page(tag() + tag() + site),
  '/folder': page(tag('', '/sgtm') + site),
  '/site.js': SITE,
  '/shown': '',
  '/cookieconsent.js': packageFile('vanilla-cookieconsent/dist/cookieconsent.umd.js'),
  '/cookieconsent.css': packageFile('vanilla-cookieconsent/dist/cookieconsent.css'),
};

/** A record of the banner that allows these categories. */
const record = (...categories: string[]): string =>
  encodeURIComponent(
    JSON.stringify({
      categories: ['necessary', ...categories],
      revision: 0,
      data: null,
      consentTimestamp: '2026-11-01T10:00:00.000Z',
      consentId: '5f0c1b7e-9a53-4b1c-8a38-0d6a3f0c7e21',
      services: {},
      lastConsentTimestamp: '2026-11-01T10:00:00.000Z',
      expirationTime: Date.now() + 86_400_000,
    }),
  );

/** An address in the link, which no vendor may get. */
const EMAIL = 'kari.nordmann@example.no';

const CONFIG = readFileSync(new URL('../../config/demo.yaml', import.meta.url), 'utf8');

let world: World;
let origin: string;

describe.skipIf(noChromium !== undefined)('the tag, in a browser', () => {
  beforeAll(async () => {
    world = await openWorld(PAGES, (port) => CONFIG.replaceAll(':8080', `:${port}`));
    origin = `http://127.0.0.1:${world.port}`;
  });
  afterAll(() => world.close());

  it('waits for a choice, and sends what each choice permits, byte for byte', async () => {
    const visitor = await newVisitor(world.browser);
    const sent = sending(visitor);
    const everything: Recorded[] = [];
    const got = async (count: number) => {
      const found = await received(world, count);
      everything.push(...found);
      return found.map(plainly).toSorted(byUrl);
    };
    const landing = `/?${new URLSearchParams({ ...CLICK, utm_source: 'newsletter', email: EMAIL }).toString()}`;
    const dl = `${origin}/?utm_source=newsletter`;

    // Before a choice: no request, and nothing is kept.
    await visitor.page.goto(origin + landing);
    await visitor.page.evaluate(() => window.pv?.('view_item', { currency: 'NOK', value: 299.5 }));
    expect(await got(0)).toEqual([]);
    expect(sent).toEqual([]);
    expect(await kept(visitor)).toEqual([]);

    // Reject all: the choice reaches the gateway, and nothing goes further.
    await visitor.hits(1, () => visitor.page.getByRole('button', { name: 'Reject all' }).first().click());
    expect(names(sent)).toEqual(['page_view', 'view_item']);
    expect(await got(0)).toEqual([]);
    expect(await kept(visitor)).toEqual(['cc_cookie']);

    // Statistics: the view of this page, once, and what happens from now on. What happened under the refusal stays here.
    await visitor.hits(1, () => choose(visitor.page, { statistics: true }));
    const denied = { ad_user_data: 'DENIED', ad_personalization: 'DENIED' };
    expect(await got(1)).toEqual([ga4(denied, 'page_view', { engagement_time_msec: 1, page_location: dl })]);
    const conversion = { currency: 'NOK', value: 599, transaction_id: 'ORD-1' };
    await visitor.hits(1, () => say(visitor.page, 'purchase', conversion));
    expect(await got(2)).toEqual([
      ping(origin, 'G101', '13q3r3q2q5l1'),
      ga4(denied, 'purchase', {
        ...conversion,
        engagement_time_msec: expect.any(Number) as unknown,
        page_location: dl,
      }),
    ]);
    expect(await kept(visitor)).toEqual(['cc_cookie', 'pv_id', 'pv_session']);
    const cookies = await visitor.context.cookies();
    const own = cookies.find(({ name }) => name === 'pv_id')?.value ?? '';
    for (const [name, life] of [
      ['pv_id', ANALYTICS_S],
      ['pv_session', 1800],
    ] as const) {
      const cookie = cookies.find((one) => one.name === name);
      expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Lax', path: '/', domain: '127.0.0.1' });
      expect(cookie?.expires).toBeLessThanOrEqual(Date.now() / 1000 + life + 1);
    }
    // So far no byte to any vendor tells whose click or address it was, or the id as the browser keeps it.
    for (const secret of [...Object.values(CLICK), EMAIL, encodeURIComponent(EMAIL), own])
      expect(JSON.stringify(everything)).not.toContain(secret);

    // Marketing, too: the ad vendors get the view of this page, and Analytics, which has it, does not get it again.
    everything.length = 0;
    await visitor.hits(1, () => choose(visitor.page, { statistics: true, marketing: true }));
    const views = await got(2);
    expect(views.map(({ request }) => request)).toEqual([
      'POST capi.uet.microsoft.com/v1/97000001/events',
      'POST graph.facebook.com/v26.0/123456789012345/events',
    ]);
    await visitor.hits(1, () => say(visitor.page, 'purchase', { ...conversion, transaction_id: 'ORD-2' }));
    await got(5);
    expect(recipients(everything)).toEqual({
      gclid: ['datamanager.googleapis.com'],
      fbclid: ['graph.facebook.com'],
      msclkid: ['capi.uet.microsoft.com'],
      li_fat_id: ['api.linkedin.com'],
    });

    // Withdrawn: one request, at once, that leads to no other, and the browser is empty.
    everything.length = 0;
    const before = sent.length;
    await visitor.hits(1, () => choose(visitor.page, {}));
    expect(await kept(visitor)).toEqual(['cc_cookie']);
    expect(names(sent.slice(before))).toEqual(['page_view']);
    await visitor.hits(1, () => say(visitor.page, 'purchase', { ...conversion, transaction_id: 'ORD-3' }));
    expect(await got(1)).toEqual([ping(origin, 'G100', '13q3q3q2q5l1')]);

    // The policy of the site's scripts blocked nothing, and the browser sent requests to the shop only.
    expect(await visitor.page.evaluate(() => window.violations)).toEqual([]);
    expect([...new Set(visitor.asked.map((url) => new URL(url).origin))]).toEqual([origin]);
    for (const secret of [own, 'pv_id', 'cookie']) expect(bodies(sent).join()).not.toContain(secret);
    await visitor.context.close();
  });

  it('counts the pages of a single-page app: new addresses, there and back, each once', async () => {
    const visitor = await decided('analytics');
    await visitor.hits(1, () => visitor.page.goto(`${origin}/next`));
    await visitor.hits(1, () =>
      visitor.page.evaluate(() => {
        // What leads on at once is no page of its own, and titles come after the address.
        history.pushState({}, '', '/next/1');
        history.replaceState({}, '', '/next/one?utm_campaign=spring');
        setTimeout(() => (document.title = 'One'), 10);
      }),
    );
    await visitor.hits(1, () =>
      visitor.page.evaluate(() => {
        history.pushState({}, '', '/next/two');
        document.title = 'Two';
      }),
    );
    // No view for the same address, and none for another place on the page.
    await visitor.page.evaluate(() => {
      history.replaceState({ scroll: 7 }, '', '/next/two');
      history.pushState({}, '', '/next/two#below');
    });
    await visitor.page.waitForTimeout(300);
    await visitor.page.evaluate(() => history.back());
    await visitor.page.waitForTimeout(300);
    await visitor.hits(1, () => visitor.page.evaluate(() => history.back()));
    const at = (path: string, title: string, page_referrer?: string) => ({
      page_location: `${origin}${path}`,
      page_title: title,
      ...(page_referrer && { page_referrer: `${origin}/` }),
    });
    expect(
      (await views(4)).map(({ page_location, page_title, page_referrer }) => ({
        page_location,
        page_title,
        ...(page_referrer !== undefined && { page_referrer }),
      })),
    ).toEqual([
      at('/next', 'Shop'),
      at('/next/one?utm_campaign=spring', 'One', '/next'),
      at('/next/two', 'Two', '/next/one'),
      at('/next/one?utm_campaign=spring', 'Two', '/next/two'),
    ]);
    await visitor.context.close();
  });

  it('counts a page that comes back as it was left, and carries out what was withdrawn meanwhile', async () => {
    const browser = await launchChromium({ goesBack: true });
    const visitor = await decided('analytics', browser);
    await visitor.page.goto(`${origin}/next`);
    expect((await views(1)).map(({ page_location }) => page_location)).toEqual([`${origin}/next`]);
    await visitor.page.goto(`${origin}/cached`);
    await views(1);
    const shown = () => world.shop.asked.filter((path) => path.startsWith('/shown'));
    const before = shown().length;
    // Playwright does not see a page that came back; what it sends is seen all the same.
    await visitor.page.evaluate(() => history.back()).catch(() => {});
    expect((await views(1)).map(({ page_location }) => page_location)).toEqual([`${origin}/next`]);
    expect(shown().slice(before)).toEqual(['/shown?true']);

    const withdrawing = await decided('analytics', browser);
    await withdrawing.page.goto(`${origin}/next`);
    await views(1);
    // A page without the tag: no request tells of the choice that is made there.
    await withdrawing.page.goto(`${origin}/shown`);
    await withdrawing.page.evaluate((value) => void (document.cookie = `cc_cookie=${value}; path=/`), record());
    expect(await withdrawing.jar()).toEqual(['cc_cookie', 'pv_id', 'pv_session']);
    await withdrawing.page.evaluate(() => history.back()).catch(() => {});
    await expect.poll(() => withdrawing.jar()).toEqual(['cc_cookie']);
    expect(await received(world, 0)).toEqual([]);
    await browser.close();
  });

  it('sends presses of what has data-pv-event, and forms when they are sent', async () => {
    const visitor = await decided('analytics');
    await visitor.hits(1, () => visitor.page.goto(`${origin}/`));
    await views(1);
    await visitor.hits(1, () => visitor.page.locator('#plain b').click());
    await visitor.page.locator('input').click();
    // The page is left by it: what was pressed is sent all the same.
    await visitor.page.locator('input').press('Enter');
    await visitor.page.waitForURL(`${origin}/next?q=`);
    await visitor.page.goto(`${origin}/`);
    await visitor.page.locator('#leave').click();
    await visitor.page.waitForURL(`${origin}/next`);
    const found = (await received(world, 6)).flatMap(events);
    // What a page sends as it is left and what the next one sends travel beside each other: either may come first.
    expect(found.map(({ name }) => name).toSorted()).toEqual([
      'add_to_cart',
      'generate_lead',
      'page_view',
      'page_view',
      'page_view',
      'select_promotion',
    ]);
    const params = (wanted: string) => found.find(({ name }) => name === wanted)?.params;
    expect(params('add_to_cart')).toMatchObject({ value: 299.5, currency: 'NOK', list_name: 'front' });
    expect(params('generate_lead')).toMatchObject({ form_id: 'contact' });
    // One visit, as long as the gateway lets it last.
    expect(new Set(found.map(({ params }) => params['session_id'])).size).toBe(1);
    await visitor.context.close();
  });

  it('keeps the calls that come before it, and takes an id of the site', async () => {
    const visitor = await decided('analytics');
    await visitor.hits(1, () => visitor.page.goto(`${origin}/early`));
    const found = (await received(world, 1)).flatMap(events);
    expect(found.map(({ name, params }) => [name, params['method']])).toEqual([
      ['page_view', undefined],
      ['sign_up', 'email'],
    ]);
    await visitor.context.close();
  });

  it('counts a page out of the cache each time it is shown', async () => {
    const visitor = await decided('analytics');
    const sent = sending(visitor);
    // Each is waited for: of a page that is left at once, the browser does not report what it sent last.
    for (const path of ['/cached', '/next', '/cached']) await visitor.hits(1, () => visitor.page.goto(origin + path));
    expect((await views(3)).map(({ page_location }) => page_location)).toEqual(
      ['/cached', '/next', '/cached'].map((path) => origin + path),
    );
    expect(world.shop.asked.filter((path) => path === '/cached').length).toBeLessThanOrEqual(2);
    expect(new Set(ids(sent)).size).toBe(3);
    await visitor.context.close();
  });

  it('hears of a choice in another tab, and sends the withdrawal at once', async () => {
    const visitor = await decided('analytics');
    const sent = sending(visitor);
    await visitor.hits(1, () => visitor.page.goto(`${origin}/next`));
    await views(1);
    expect(await kept(visitor)).toEqual(['cc_cookie', 'pv_id', 'pv_session']);
    const other = await visitor.context.newPage();
    await other.goto(`${origin}/shown`);
    await visitor.hits(1, () =>
      other.evaluate((value) => void (document.cookie = `cc_cookie=${value}; path=/`), record()),
    );
    expect(names(sent)).toEqual(['page_view', 'page_view']);
    expect(new Set(ids(sent)).size).toBe(1);
    expect(await kept(visitor)).toEqual(['cc_cookie']);
    // A record that is deleted is a withdrawal, too.
    await visitor.context.addCookies([{ name: 'cc_cookie', value: record('analytics'), url: origin }]);
    await visitor.hits(1, () => visitor.page.evaluate(() => void dispatchEvent(new Event('cc:onChange'))));
    await visitor.hits(1, () => other.evaluate(() => void (document.cookie = 'cc_cookie=; path=/; max-age=0')));
    expect(await kept(visitor)).toEqual([]);
    await received(world, 1);
    await visitor.context.close();
  });

  it('hears of a choice from each platform that says so, in a browser that tells nobody of cookies', async () => {
    const visitor = await decided('analytics');
    await visitor.page.addInitScript(() => Reflect.deleteProperty(window, 'cookieStore'));
    const sent = sending(visitor);
    await visitor.hits(1, () => visitor.page.goto(`${origin}/next`));
    await views(1);
    // As each platform dispatches it: Cookiebot, Cookie Information and vanilla-cookieconsent at the window, others at the document.
    const said = [
      ['window', 'cc:onConsent'],
      ['window', 'cc:onChange'],
      ['window', 'CookiebotOnAccept'],
      ['window', 'CookiebotOnDecline'],
      ['document', 'visitorConsentCollected'],
      ['window', 'ucEvent'],
      ['document', 'wp_listen_for_consent_change'],
    ] as const;
    for (const [i, [at, name]] of said.entries()) {
      const value = i % 2 === 0 ? record() : record('analytics');
      await visitor.page.evaluate((to) => void (document.cookie = `cc_cookie=${to}; path=/`), value);
      await visitor.page.waitForTimeout(50);
      expect(sent).toHaveLength(1 + i);
      await visitor.hits(1, () =>
        visitor.page.evaluate(
          ([where, event]) => void (where === 'window' ? window : document).dispatchEvent(new Event(event)),
          [at, name] as const,
        ),
      );
    }
    expect(new Set(ids(sent)).size).toBe(1);
    expect(await kept(visitor)).toEqual(['cc_cookie']);
    await received(world, 0);
    await visitor.context.close();
  });

  it('is not lost where the page is left and the browser takes no beacon', async () => {
    const visitor = await decided('analytics');
    await visitor.page.addInitScript(() => void (navigator.sendBeacon = () => false));
    await visitor.hits(1, () => visitor.page.goto(`${origin}/`));
    await views(1);
    await visitor.page.locator('#leave').click();
    await visitor.page.waitForURL(`${origin}/next`);
    const found = (await received(world, 2)).flatMap(events);
    expect(found.map(({ name }) => name).toSorted()).toEqual(['page_view', 'select_promotion']);
    await visitor.context.close();
  });

  it('waits for the cookie that the site names, or for its word, and for nothing where the site says so', async () => {
    const visitor = await newVisitor(world.browser);
    const sent = sending(visitor);
    await visitor.context.addCookies([{ name: 'cc_cookie', value: record('analytics'), url: origin }]);
    for (const path of ['/own', '/told']) await visitor.page.goto(origin + path);
    expect((await received(world, 0)).length + sent.length).toBe(0);
    await visitor.hits(1, () => say(visitor.page, 'consent'));
    expect(await views(1)).toHaveLength(1);
    await visitor.page.goto(`${origin}/own`);
    await visitor.hits(1, () => visitor.page.evaluate(() => void (document.cookie = 'my_choice=yes; path=/')));
    expect(await views(1)).toHaveLength(1);
    await visitor.hits(1, () => visitor.context.clearCookies());
    const before = sent.length;
    await visitor.hits(1, () => visitor.page.goto(`${origin}/at-once`));
    expect(names(sent.slice(before))).toEqual(['page_view']);
    expect(await received(world, 0)).toEqual([]);
    await visitor.context.close();
  });

  it('leaves views to the site that wants it, and counts once where it is loaded twice', async () => {
    const visitor = await decided('analytics');
    await visitor.page.goto(`${origin}/manual`);
    await visitor.hits(1, () => say(visitor.page, 'page_view', { content_group: 'mugs' }));
    expect((await views(1)).map(({ content_group }) => content_group)).toEqual(['mugs']);
    await visitor.hits(1, () => visitor.page.goto(`${origin}/twice`));
    expect(await views(1)).toHaveLength(1);
    await visitor.context.close();
  });

  it('sends again what could not be stored, under the same id', async () => {
    const visitor = await decided('analytics');
    const sent = sending(visitor);
    let refuse = 2;
    await visitor.context.route('**/v1/events', async (route) => {
      refuse--;
      if (refuse === 1) await route.fulfill({ status: 503 });
      else await route.continue();
    });
    await visitor.page.goto(`${origin}/next`);
    expect(await views(1)).toHaveLength(1);
    expect(ids(sent)).toHaveLength(2);
    expect(new Set(ids(sent)).size).toBe(1);
    await visitor.context.close();
  });

  it('finds its way below a prefix', async () => {
    const below = await openWorld(
      PAGES,
      (port) => `server: { path_prefix: /sgtm }\n${CONFIG.replaceAll(':8080', `:${port}`)}`,
    );
    const home = `http://127.0.0.1:${below.port}`;
    const visitor = await newVisitor(below.browser);
    await visitor.context.addCookies([{ name: 'cc_cookie', value: record('analytics'), url: home }]);
    await visitor.hits(1, () => visitor.page.goto(`${home}/folder`));
    expect((await received(below, 1)).flatMap(events).map(({ name }) => name)).toEqual(['page_view']);
    expect(visitor.asked).toContain(`${home}/sgtm/v1/events`);
    await below.close();
  });
});

interface Sent {
  readonly name: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The events in a request to Google Analytics. */
function events(request: Recorded): readonly Sent[] {
  return (content(request) as { events?: readonly Sent[] }).events ?? [];
}

/** The parameters of the views that Google Analytics gets: in so many requests, and in no more. */
async function views(count: number): Promise<readonly Sent['params'][]> {
  const found = (await received(world, count)).flatMap(events);
  expect(found.filter(({ name }) => name !== 'page_view')).toEqual([]);
  return found.map(({ params }) => params);
}

/** A browser that has been here before, and allowed these categories. */
async function decided(category: string, browser = world.browser): Promise<Visitor> {
  const visitor = await newVisitor(browser);
  await visitor.context.addCookies([{ name: 'cc_cookie', value: record(category), url: origin }]);
  return visitor;
}

function say(page: Page, ...call: [name: string, params?: PvParams]): Promise<void> {
  return page.evaluate(([name, params]) => window.pv?.(name, params), call);
}

/** Whatever is kept in the browser: names in its jar and its stores. */
async function kept(visitor: Visitor): Promise<string[]> {
  const stores = await visitor.page.evaluate(async () => [
    ...[localStorage, sessionStorage].flatMap(Object.keys),
    ...(await indexedDB.databases()).map(({ name }) => name ?? ''),
    ...(await caches.keys()),
  ]);
  return [...(await visitor.jar()), ...stores];
}

/** `destinations/ga4.md` 2: an event by the Measurement Protocol, every key that may be there, and no other. */
function ga4(consent: object, name: string, params: Readonly<Record<string, unknown>>) {
  return {
    request: 'POST region1.google-analytics.com/mp/collect',
    agent: expect.stringMatching(/^portvakt\/[\d.]+$/) as unknown,
    content: {
      client_id: expect.stringMatching(/^[\w-]{22}$/) as unknown,
      timestamp_micros: expect.any(Number) as unknown,
      consent,
      device: {
        category: 'desktop',
        language: 'en',
        screen_resolution: '1280x720',
        operating_system: 'Windows',
        browser: 'Chrome',
        browser_version: '143',
      },
      events: [
        {
          name,
          params: { session_id: expect.stringMatching(/^\d{10}$/) as unknown, page_title: 'Shop', ...params },
        },
      ],
    },
  };
}

function bodies(sent: readonly Request[]): string[] {
  return sent.map((request) => request.postData() ?? '');
}

function eventsOf(sent: readonly Request[]): { readonly name: string; readonly id: string }[] {
  return bodies(sent).flatMap((body) => (JSON.parse(body) as { events: { name: string; id: string }[] }).events);
}

const names = (sent: readonly Request[]) => eventsOf(sent).map(({ name }) => name);
const ids = (sent: readonly Request[]) => eventsOf(sent).map(({ id }) => id);

/** Every request of the browser to the gateway's door. */
function sending({ context }: Visitor): Request[] {
  const requests: Request[] = [];
  context.on('request', (request) => {
    if (request.method() === 'POST') requests.push(request);
  });
  return requests;
}

/** Opens the banner's second layer and sets its two switches. */
async function choose(page: Page, { statistics = false, marketing = false }): Promise<void> {
  await page.evaluate(() => window.CookieConsent.showPreferences());
  const dialog = page.getByRole('dialog', { name: 'Choices' });
  await dialog.getByRole('checkbox', { name: 'Statistics' }).setChecked(statistics, { force: true });
  await dialog.getByRole('checkbox', { name: 'Marketing' }).setChecked(marketing, { force: true });
  await dialog.getByRole('button', { name: 'Save' }).click();
}

declare global {
  interface Window {
    /** What the policy of the page has kept out. */
    violations: readonly string[];
  }
}
