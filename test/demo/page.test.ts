import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noChromium, launchChromium } from '../support/chromium.ts';
import { newVisitor } from '../browser/world.ts';
import { freePort } from '../../src/demo/free-ports.ts';
import { type Demo, startDemo } from './start.ts';

let demo: Demo;
let browser: Browser;
let origin: string;

describe.skipIf(noChromium !== undefined)('the demo, in a browser', () => {
  beforeAll(async () => {
    const [port, admin] = [await freePort(), await freePort()];
    origin = `http://127.0.0.1:${port}`;
    demo = startDemo(['--listen', `127.0.0.1:${port}`, '--admin', `127.0.0.1:${admin}`]);
    browser = await launchChromium();
    await demo.says('Ctrl-C');
  });
  afterAll(async () => {
    await browser.close();
    await demo.stop();
  });

  it('on a phone, shows the answer where the button was pressed', async () => {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    const page = await context.newPage();
    await page.goto(`${origin}/`);
    await page.getByRole('button', { name: 'Accept all' }).first().tap();
    const button = page.getByRole('button', { name: 'Buy two' });
    await button.tap();
    const answer = page.getByRole('status').filter({ hasText: 'purchase (allowed: statistics and marketing)' });
    await answer.waitFor();
    const brief = page.getByRole('list', { name: 'What each vendor received of it' });
    await brief.getByText('sent in full').first().waitFor();
    // Both are seen at once, without scrolling.
    const seen = await Promise.all(
      [button, answer, brief.getByRole('listitem').first()].map((each) => each.boundingBox()),
    );
    for (const box of seen) {
      expect(box?.y).toBeGreaterThanOrEqual(0);
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(844);
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    // From there to the request itself.
    await brief.getByRole('link', { name: 'Google Analytics 4' }).tap();
    expect(await page.locator('#route-ga4 .request').textContent()).toContain('region1.google-analytics.com');
    await context.close();
  });

  it('lets a keyboard refuse, change the choice and go on', async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
    const page = await context.newPage();
    const press = async (name: string) => {
      // More than there are on the page: the banner takes the keyboard a moment after it is seen.
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab');
        const focused = await page.evaluate(() => document.activeElement?.textContent?.trim());
        if (focused !== name) continue;
        await page.keyboard.press('Enter');
        return;
      }
      throw new Error(`the keyboard does not reach ${name}`);
    };
    const focusedId = () => page.evaluate(() => document.activeElement?.id);
    await page.goto(`${origin}/`);
    await page.getByRole('button', { name: 'Reject all' }).first().waitFor();
    await press('Reject all');
    await page.getByText('You allow nothing.').waitFor();
    await expect.poll(focusedId).toBe('choose');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Privacy choices' }).waitFor();
    await press('Accept all');
    await page.getByText('You allow statistics and marketing.').waitFor();
    await expect.poll(focusedId).toBe('choose');
    await context.close();
  });

  it('shows on the page and in the terminal what each vendor received, or why nothing', async () => {
    const visitor = await newVisitor(browser);
    const { page } = visitor;
    const faults: string[] = [];
    page.on('pageerror', ({ message }) => faults.push(message));

    // No choice yet: every vendor is there, and got nothing.
    await page.goto(`${origin}/`);
    await page.getByText('page_view (allowed: nothing): no vendor receives anything.').first().waitFor();
    expect(await requests(page)).toEqual({
      ga4: 'nothing',
      google_ads: 'nothing',
      meta: 'nothing',
      linkedin: 'nothing',
      microsoft_ads: 'nothing',
    });
    await page.locator('#stored', { hasText: 'Nothing.' }).waitFor();
    // The client's own id is gone again: without consent the shop keeps nothing (R24).
    expect(await page.evaluate(() => [localStorage, sessionStorage].flatMap(Object.keys))).toEqual([]);

    // From an ad, accepting all: everybody has a conversion to show.
    await page.getByRole('link', { name: 'Arrive from an ad' }).evaluate((link: HTMLAnchorElement) => link.click());
    await page.getByRole('button', { name: 'Accept all' }).first().click();
    await said(page, 'ga4', 'page_view - sent in full');
    await page.getByRole('button', { name: 'Buy two' }).click();
    for (const route of ['ga4', 'google_ads', 'meta', 'linkedin', 'microsoft_ads']) {
      await said(page, route, 'purchase - sent in full');
    }
    await arrived(page, 'ga4', 'gcs = G111');
    await arrived(page, 'google_ads', '"gclid": "Cj0KDemo_aBc"');
    await arrived(page, 'meta', '"event_name": "Purchase"');
    await arrived(page, 'linkedin', '"idValue": "b3f1a7e0-5c2d-4e8f-9a6b-0c1d2e3f4a5b"');
    await arrived(page, 'microsoft_ads', '"eventName": "purchase"');
    const clientId = (await page.evaluate(() => localStorage.getItem('clientId'))) ?? '';
    await page.locator('#stored', { hasText: '_gcl_aw' }).waitFor();
    await page.locator('#stored', { hasText: 'pv_id' }).waitFor();

    // Statistics stays, marketing goes: its cookies are deleted, and the page says so.
    await choose(page, { statistics: true });
    await page
      .getByRole('status')
      .filter({ hasText: /deleted .*_fbc/ })
      .waitFor();
    await said(page, 'ga4', 'page_view - sent for statistics');
    await arrived(page, 'ga4', 'gcs = G101');
    await said(page, 'meta', 'the visitor has not allowed marketing');
    expect((await requests(page))['meta']).toBe('nothing');

    // Nothing stays: only the ping that the configuration chose goes out, and it names nobody.
    await choose(page, {});
    await page
      .getByRole('status')
      .filter({ hasText: /deleted .*pv_id/ })
      .waitFor();
    await page.getByRole('button', { name: 'Buy two' }).click();
    await said(page, 'google_ads', 'purchase - sent without any identifier');
    await arrived(page, 'google_ads', 'gcs = G100');
    const { google_ads: _, ...others } = await requests(page);
    expect(new Set(Object.values(others))).toEqual(new Set(['nothing']));
    await page.locator('#stored:not(:has-text("pv_id"))').waitFor();
    expect(await visitor.jar()).toEqual(['cc_cookie']);
    expect(await page.evaluate(() => [localStorage, sessionStorage].flatMap(Object.keys))).toEqual([]);

    // The terminal showed the same, and nothing showed the client's own id or the address in the link.
    for (const text of [
      'page_view - the visitor has allowed nothing',
      'x meta           nothing: the visitor has not allowed marketing (ad_storage, ad_user_data, ad_personalization)',
      '-> ga4            sent for statistics, with nothing of advertising in it',
      'google_ads received\n      GET https://pagead2.googlesyndication.com/pagead/conversion/987654321/',
      'consent withdrawn: deleted',
    ]) {
      expect(demo.output()).toContain(text);
    }
    expect(clientId).toMatch(/^\d{16}$/);
    for (const secret of [clientId, 'kari@example.no', 'kari%40example.no']) {
      expect(demo.output()).not.toContain(secret);
      expect(demo.log()).not.toContain(secret);
    }
    expect(faults).toEqual([]);
    expect([...new Set(visitor.asked.map((url) => new URL(url).origin))]).toEqual([origin]);
    await visitor.context.close();
  });

  it('has the same shop with the tag: nothing before a choice, then what each choice allows', async () => {
    const visitor = await newVisitor(browser);
    const { page } = visitor;
    const faults: string[] = [];
    page.on('pageerror', ({ message }) => faults.push(message));
    await page.goto(`${origin}/tag`);
    await page.getByRole('link', { name: 'Arrive from an ad' }).evaluate((link: HTMLAnchorElement) => link.click());
    await page.waitForURL(/\/tag\?gclid=/);
    await page.getByRole('status').filter({ hasText: 'The tag waits for your choice.' }).waitFor();
    await page.locator('.route').first().waitFor();
    const before = visitor.asked.filter((url) => url.endsWith('/v1/events')).length;
    expect(before).toBe(0);

    await page.getByRole('button', { name: 'Accept all' }).first().click();
    await said(page, 'meta', 'page_view - sent in full');
    await page.getByRole('button', { name: 'Buy two' }).click();
    for (const route of ['ga4', 'google_ads', 'meta', 'linkedin', 'microsoft_ads'])
      await said(page, route, 'purchase - sent in full');
    await arrived(page, 'ga4', '"name": "purchase"');
    await arrived(page, 'ga4', '"item_id": "SKU-1"');
    await page.locator('#stored', { hasText: 'pv_session' }).waitFor();
    await choose(page, {});
    await page
      .getByRole('status')
      .filter({ hasText: /deleted .*pv_id/ })
      .waitFor();
    expect(await visitor.jar()).toEqual(['cc_cookie']);
    expect(await page.evaluate(() => [localStorage, sessionStorage].flatMap(Object.keys))).toEqual([]);
    // Back to the other client.
    await page.getByRole('link', { name: 'With a GA4 client' }).click();
    await page.getByRole('link', { name: "With the gateway's own tag" }).waitFor();
    await page.getByText('page_view (allowed: nothing): no vendor receives anything.').first().waitFor();
    expect(faults).toEqual([]);
    expect([...new Set(visitor.asked.map((url) => new URL(url).origin))]).toEqual([origin]);
    await visitor.context.close();
  });

  it('starts over: the banner asks again, and nothing is kept', async () => {
    const visitor = await newVisitor(browser);
    const { page } = visitor;
    await page.goto(`${origin}/`);
    await page.getByRole('button', { name: 'Accept all' }).first().click();
    await page.locator('#stored', { hasText: 'pv_id' }).waitFor();
    await page.getByRole('button', { name: 'Start over' }).click();
    await page.getByRole('dialog', { name: 'May we count' }).waitFor();
    await page.locator('#stored', { hasText: 'Nothing.' }).waitFor();
    expect(await visitor.jar()).toEqual([]);
    await visitor.context.close();
  });

  it('fits a phone, and everything on it can be named and reached', async () => {
    const context = await browser.newContext({ viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
    const page = await context.newPage();
    await page.goto(`${origin}/`);
    await page.getByRole('button', { name: 'Reject all' }).first().click();
    await page.getByText('no vendor receives anything').first().waitFor();
    const layout = await page.evaluate(() => ({
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      nameless: [...document.querySelectorAll('main button, nav button, nav a, pre[tabindex]')].filter(
        (one) => (one.getAttribute('aria-label') ?? one.textContent).trim() === '',
      ).length,
    }));
    expect(layout).toEqual({ overflow: 0, nameless: 0 });
    await context.close();
  });
});

/** What stands in each vendor's card as the request for the last event. */
async function requests(page: Page): Promise<Record<string, string>> {
  const cards = await page.locator('.route').all();
  return Object.fromEntries(
    await Promise.all(
      cards.map(async (card) => [await card.getAttribute('data-route'), await card.locator('pre').textContent()]),
    ),
  );
}

function said(page: Page, route: string, words: string): Promise<void> {
  return page.locator(`[data-route=${route}] .words`, { hasText: words }).waitFor();
}

function arrived(page: Page, route: string, text: string): Promise<void> {
  return page.locator(`[data-route=${route}] pre`, { hasText: text }).waitFor();
}

async function choose(page: Page, { statistics = false, marketing = false }): Promise<void> {
  await page.getByRole('button', { name: 'Privacy choices' }).click();
  const dialog = page.getByRole('dialog', { name: 'Privacy choices' });
  // The visible switch is drawn over the checkbox.
  await dialog.getByRole('checkbox', { name: 'Statistics' }).setChecked(statistics, { force: true });
  await dialog.getByRole('checkbox', { name: 'Marketing' }).setChecked(marketing, { force: true });
  await dialog.getByRole('button', { name: 'Save' }).click();
}
