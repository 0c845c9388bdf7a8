import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../src/core/hash.ts';
import { noChromium } from '../support/chromium.ts';
import { newVisitor, openWorld, received, type Visitor, type World } from './world.ts';

// The real `@segment/analytics-next`, set up as docs/segment.md says: what it asks for, what it sends, what vendors get.

/** Its script and the parts that it loads by itself, as the site serves them. */
const FOLDER = dirname(createRequire(import.meta.url).resolve('@segment/analytics-next/dist/umd/index.js'));
const SCRIPTS = Object.fromEntries(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.js'))
    .map((name) => [`/segment/${name}`, readFileSync(join(FOLDER, name), 'utf8')]),
);

/** A page whose own banner has three buttons, and which sends what the test tells it. */
const page = (load: string): string => `<!doctype html><html lang="en"><head><title>Shop</title>
<script src="/g/consent.js"></script><script src="/segment/index.js"></script></head><body><h1>Shop</h1>
<button onclick="portvaktConsent({ preferences: false, statistics: false, marketing: false })">No</button>
<button onclick="portvaktConsent({ preferences: false, statistics: true, marketing: false })">Count me</button>
<button onclick="portvaktConsent({ preferences: true, statistics: true, marketing: true })">Yes</button>
<script>${load}</script></body></html>`;

const here = (more: string) => `
window.analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey: 'SHOP', cdnURL: location.origin }, { ${more} });`;

const pages = (gateway: () => string) => ({
  ...SCRIPTS,
  // The settings alone say where calls go.
  '/': page(here('')),
  '/batches': page(
    here(`integrations: { 'Segment.io': { apiHost: location.host + '/v1', protocol: 'http',
      deliveryStrategy: { strategy: 'batching', config: { size: 2 } } } }`),
  ),
  // On another origin: the SDK sends no cookies there, and the browser asks beforehand.
  get '/elsewhere'() {
    return page(
      `window.analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey: 'SHOP', cdnURL: '${gateway()}' });`,
    );
  },
});

const site = (host: string, port: number, consent: string): string => `
  - hosts: [${host}]
    origins: [http://shop.localhost:${port}]
    country: NO
    consent: { cmp: [bridge]${consent} }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}", region: eu, params: all }
      meta: { pixel_id: "123456789012345", access_token: "\${META_ACCESS_TOKEN}" }
`;

let world: World;
let gatewayUrl = '';

describe.skipIf(noChromium !== undefined)("Segment's SDK, in a browser", () => {
  beforeAll(async () => {
    world = await openWorld(
      pages(() => gatewayUrl),
      (port) => `sites:${site('shop.localhost', port, '')}${site('127.0.0.1', port, ', segment: trust')}`,
    );
    gatewayUrl = world.gateway.url;
  });
  afterAll(() => world.close());

  it('asks the gateway for its settings, sends there alone, and each choice is followed', async () => {
    const visitor = await newVisitor(world.browser);
    const press = (name: string) => visitor.page.getByRole('button', { name }).click();
    await visitor.page.goto(at('/'));

    // Nobody has chosen.
    await calls(visitor, ['/v1/p', '/v1/t'], () => say(visitor, [['page'], ['track', 'Signed Up', {}]]));
    expect(await names()).toEqual([]);

    await press('No');
    await calls(visitor, ['/v1/t'], () => say(visitor, [['track', 'Signed Up', {}]]));
    expect(await names()).toEqual([]);

    await press('Count me');
    await calls(visitor, ['/v1/i', '/v1/p', '/v1/t'], () =>
      say(visitor, [['identify', 'crm-8841', { email: 'kari@example.no' }], ['page'], buy('ORD-1')]),
    );
    expect(await names(2)).toEqual(['page_view', 'purchase']);

    await press('Yes');
    await calls(visitor, ['/v1/t'], () => say(visitor, [buy('ORD-2')]));
    const [sent, other, ...more] = await received(world, 2);
    expect(more).toEqual([]);
    const [google, meta] = sent?.host === 'graph.facebook.com' ? [other, sent] : [sent, other];
    expect(JSON.parse(google?.body ?? '')).toMatchObject({
      client_id: expect.stringMatching(/^\d{1,16}\.\d{10}$/) as unknown,
      user_id: 'crm-8841',
      device: { language: 'en' },
      events: [{ name: 'purchase', params: { transaction_id: 'ORD-2', value: 80, page_title: 'Shop' } }],
    });
    expect(meta?.body).toContain(sha256Hex('crm-8841'));

    // A choice that is taken back, and what the browser's own ids are to everybody else.
    await press('No');
    await calls(visitor, ['/v1/t'], () => say(visitor, [buy('ORD-3')]));
    expect(await names()).toEqual([]);
    const own = await visitor.page.evaluate(() => localStorage.getItem('ajs_anonymous_id'));
    expect(own).toMatch(/^"[0-9a-f-]{36}"$/);
    expect(JSON.stringify([google, meta])).not.toContain((own ?? '').slice(1, -1));

    // No request went to any other host, and no script of a vendor was loaded.
    expect([...new Set(visitor.asked.map((url) => new URL(url).origin))]).toEqual([new URL(at('/')).origin]);
    expect(visitor.asked.filter((url) => url.includes('/v1/projects/'))).toEqual([at('/v1/projects/SHOP/settings')]);
    expect(visitor.asked.filter((url) => url.endsWith('/v1/m'))).toEqual([]);
    await visitor.context.close();
  });

  it('sends batches', async () => {
    const visitor = await newVisitor(world.browser);
    await visitor.page.goto(at('/batches'));
    await visitor.page.getByRole('button', { name: 'Yes' }).click();
    await calls(visitor, ['/v1/b'], () =>
      say(visitor, [['identify', 'crm-8842', { email: 'ola@example.no' }], buy('ORD-4')]),
    );
    const sent = await received(world, 2);
    expect(
      sent
        .filter(({ body }) => body.includes('ORD-4'))
        .map(({ host }) => host)
        .toSorted(),
    ).toEqual(['graph.facebook.com', 'region1.google-analytics.com']);
    // Of who is identified in the same request.
    expect(sent.find(({ host }) => host === 'graph.facebook.com')?.body).toContain(sha256Hex('ola@example.no'));
    await visitor.context.close();
  });

  it('on another origin: no cookie comes along, and categories count where the site takes them', async () => {
    const visitor = await newVisitor(world.browser);
    await visitor.page.goto(at('/elsewhere'));
    await visitor.page.getByRole('button', { name: 'Yes' }).click();
    await calls(visitor, ['/v1/t'], () => say(visitor, [buy('ORD-5')]));
    expect(await names()).toEqual([]);
    const consent = (categoryPreferences: object) => ({ context: { consent: { categoryPreferences } } });
    await calls(visitor, ['/v1/t'], () => say(visitor, [[...buy('ORD-6'), consent({ C0002: true, C0004: false })]]));
    expect(await names(1)).toEqual(['purchase']);
    await visitor.context.close();
  });
});

const at = (path: string) => `http://shop.localhost:${world.port}${path}`;

type Said = readonly unknown[];

const buy = (order: string): Said => [
  'track',
  'Order Completed',
  {
    order_id: order,
    revenue: 80,
    total: 110,
    currency: 'NOK',
    products: [{ product_id: 'SKU-1', name: 'Krus', price: 80 }],
  },
];

function say({ page: tab }: Visitor, all: readonly Said[]): Promise<void> {
  return tab.evaluate(async (list) => {
    for (const [method, ...args] of list) await window.analytics[method as string]?.(...args);
  }, all);
}

/** Does something that makes the SDK send to these paths, and waits until each was answered as it expects. */
async function calls({ context }: Visitor, paths: readonly string[], act: () => Promise<unknown>): Promise<void> {
  const waited = paths.map(async (path) => {
    const answer = await context.waitForEvent('response', (one) => {
      return one.request().method() === 'POST' && new URL(one.url()).pathname === path;
    });
    // The SDK reads no more than the status, so that the browser never ends reading.
    expect([path, answer.status()]).toEqual([path, 200]);
  });
  await Promise.all([...waited, act()]);
}

/** The names of what GA4 was sent. */
async function names(count = 0): Promise<readonly string[]> {
  const requests = await received(world, count);
  return requests
    .flatMap(({ host, body }) => {
      if (host === 'graph.facebook.com') return ['meta'];
      return (JSON.parse(body) as { events: { name: string }[] }).events.map(({ name }) => name);
    })
    .toSorted();
}

declare global {
  interface Window {
    analytics: Readonly<Record<string, ((...args: readonly unknown[]) => Promise<unknown>) | undefined>>;
  }
}
