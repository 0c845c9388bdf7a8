import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { successAnswer } from '../../src/demo/vendors.ts';
import { launchChromium } from '../support/chromium.ts';
import { startRecorder, type Recorded, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';
import { startShop, type Shop, type ShopPage } from './shop.ts';

/** A user agent with everything in it that the reduced one must not have. */
const USER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.7499.193 Safari/537.36';
/** What its family is (design 3a): engine, major version, operating system. */
export const FAMILY = USER_AGENT.replace('143.0.7499.193', '143.0.0.0');

/** Every host a vendor of the configuration can be reached at. */
const VENDORS = [
  'region1.google-analytics.com',
  'pagead2.googlesyndication.com',
  'datamanager.googleapis.com',
  'oauth2.googleapis.com',
  'graph.facebook.com',
  'api.linkedin.com',
  'capi.uet.microsoft.com',
  'bat.bing.com',
];

/** A shop, its gateway, vendors that only write down what they get, and a browser. */
export interface World {
  readonly port: number;
  readonly shop: Shop;
  readonly recorder: Recorder;
  readonly gateway: Served;
  readonly browser: Browser;
  readonly close: () => Promise<void>;
}

/** @param config the gateway's configuration, given the port the shop is served on. */
export async function openWorld(
  pages: Readonly<Record<string, ShopPage>>,
  config: (port: number) => string,
): Promise<World> {
  const recorder = await startRecorder(VENDORS.map((host) => ({ hosts: [host], answer: asVendor })));
  const shop: Shop = await startShop(pages);
  const [gateway, browser] = await Promise.all([
    serve({ config: config(shop.port), sink: recorder.url }),
    launchChromium(),
  ]);
  shop.connect(gateway.url);
  return {
    port: shop.port,
    shop,
    recorder,
    gateway,
    browser,
    close: async () => {
      await browser.close();
      await gateway.stop();
      await Promise.all([shop.close(), recorder.close()]);
    },
  };
}

function asVendor({ host, path, body }: Recorded) {
  return successAnswer(host, path, body);
}

/** A visitor with a browser profile of their own. */
export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Every address that the browser requested. */
  readonly asked: readonly string[];
  /** Does something that makes the page send `hits` hits, and waits until the gateway has answered them all. */
  readonly hits: (hits: number, act: () => Promise<unknown>) => Promise<void>;
  /** The names in the cookie jar, sorted. */
  readonly jar: () => Promise<string[]>;
}

/** @param options beyond the ordinary: headers the browser sends with every request. */
export async function newVisitor(
  browser: Browser,
  options: { extraHTTPHeaders?: Record<string, string> } = {},
): Promise<Visitor> {
  const context = await browser.newContext({
    ...options,
    userAgent: USER_AGENT,
    locale: 'en-GB',
    viewport: { width: 1280, height: 720 },
  });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const asked: string[] = [];
  context.on('request', (request) => asked.push(request.url()));
  return {
    page,
    context,
    asked,
    async hits(count, act) {
      const statuses: number[] = [];
      const answered = new Promise<void>((resolve) => {
        context.on('response', (response) => {
          if (!/\/(?:g\/collect|v1\/events)$/.test(new URL(response.url()).pathname)) return;
          statuses.push(response.status());
          if (statuses.length >= count) resolve();
        });
      });
      await act();
      await answered;
      if (statuses.some((status) => status !== 204)) throw new Error(`a hit was answered with ${statuses.join(', ')}`);
    },
    async jar() {
      return (await context.cookies()).map(({ name }) => name).toSorted();
    },
  };
}

/**
 * Everything the vendors received since the last call: waits for `count` requests, and then a little longer for any
 * that should not come. The exchange of a service account for a token is Google's business and no event.
 */
export async function received({ recorder }: World, count: number): Promise<Recorded[]> {
  const events = () => recorder.requests.filter(({ host }) => host !== 'oauth2.googleapis.com');
  const deadline = Date.now() + 10_000;
  while (events().length < count && Date.now() < deadline) await pause(20);
  // A healthy route sends within 250 ms (design 2).
  await pause(600);
  const found = events();
  recorder.clear();
  return found;
}

/** Query or JSON body of a request, readable. */
export function content({ query, body }: Recorded): unknown {
  return body === '' ? Object.fromEntries(new URLSearchParams(query)) : JSON.parse(body);
}

declare global {
  interface Window {
    /** The GA4 client. */
    track?: (hit?: { type?: string; event?: Readonly<Record<string, string>> }) => void;
    /** The vanilla-cookieconsent banner. */
    CookieConsent: { showPreferences: () => void };
  }
}
