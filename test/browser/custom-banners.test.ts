import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BANNERS, bannerPages, noBanners } from '../banners/pages.ts';
import { CUSTOM } from '../consent/custom-banners.ts';
import { noChromium } from '../support/chromium.ts';
import { newVisitor, openWorld, received, type Visitor, type World } from './world.ts';

// Banners that the configuration describes (docs/custom-banners.md), as they are installed from their packages: what they
// write in a browser is what the description reads.

const site = (name: string, port: number): string => `
  - hosts: [${name}.localhost]
    origins: [http://${name}.localhost:${port}]
    country: NO
    consent:
      cmp: []
      custom:
${(CUSTOM[name] ?? '').replaceAll(/^/gm, '        ')}
    destinations:
      ga4: { measurement_id: G-TEST000001, region: eu }
      meta: { pixel_id: "123456789012345", access_token: "\${META_ACCESS_TOKEN}" }
`;

/** Those that have no choice in between. */
const ALL_OR_NOTHING: ReadonlySet<string> = new Set(['react-cookie-consent']);

let world: World;

describe.skipIf(noChromium !== undefined || noBanners !== undefined)(
  'banners that a site describes, in a browser',
  () => {
    beforeAll(async () => {
      world = await openWorld(
        await bannerPages(),
        (port) => `sites:${BANNERS.map((name) => site(name, port)).join('')}`,
      );
    }, 300_000);
    afterAll(() => world.close());

    it.each(BANNERS)('%s: nothing chosen, reject, partly, accept, withdraw', async (name) => {
      const visitor = await newVisitor(world.browser);
      // Requests to the page's own vendors do not matter here.
      await visitor.context.route('**/v1/projects/**', (route) => route.fulfill({ json: [] }));
      await visitor.page.goto(`http://${name}.localhost:${world.port}/${name}`);
      await visitor.page.waitForFunction(() => window.choose !== undefined);

      expect(await reached(visitor, 'nothing')).toBe('--');
      await choose(visitor, 'reject');
      expect(await reached(visitor, 'reject')).toBe('--');
      if (!ALL_OR_NOTHING.has(name)) {
        await choose(visitor, 'partly');
        expect(await reached(visitor, 'partly')).toBe('S-');
      }
      await choose(visitor, 'accept');
      expect(await reached(visitor, 'accept')).toBe('SM');
      await choose(visitor, 'reject');
      expect(await reached(visitor, 'withdraw')).toBe('--');
      // The withdrawal took its cookie, too.
      expect(await visitor.jar()).not.toContain('_fbp');
      await visitor.context.close();
    });
  },
);

async function choose({ page }: Visitor, step: string): Promise<void> {
  await page.evaluate(async (what) => {
    await window.choose?.(what);
    // Those that are drawn anew write afterwards.
    await new Promise((done) => setTimeout(done, 100));
  }, step);
}

let hits = 0;

/** Whom a page view reached: S = Google Analytics, M = Meta, which recognises the browser by its cookie. */
async function reached(visitor: Visitor, step: string): Promise<string> {
  await visitor.hits(1, () =>
    visitor.page.evaluate(
      async ([n, what]) => {
        document.cookie = `_fbp=fb.1.${Date.now() - 60_000}.${n}; path=/`;
        const cid = `48231055${n}.${Math.floor(Date.now() / 1000) - 3600}`;
        const query = new URLSearchParams({
          v: '2',
          tid: 'G-TEST000001',
          cid,
          en: 'page_view',
          dl: location.href,
          dt: what,
        });
        await fetch(`/g/collect?${query.toString()}`, { method: 'POST' });
      },
      [++hits, step] as const,
    ),
  );
  const hosts = (await received(world, 0)).map(({ host }) => host);
  return `${hosts.includes('region1.google-analytics.com') ? 'S' : '-'}${hosts.includes('graph.facebook.com') ? 'M' : '-'}`;
}

declare global {
  interface Window {
    choose?: (step: string) => unknown;
  }
}
