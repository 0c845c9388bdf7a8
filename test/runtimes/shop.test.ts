import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser } from 'playwright-core';
import { startWorkersDemo, type WorkersDemo } from '../../scripts/workers-demo.ts';
import { freePort } from '../../src/demo/free-ports.ts';
import { launchChromium, noChromium } from '../support/chromium.ts';
import { until } from '../support/metrics.ts';
import { miniflareFolder, missing } from './engines.ts';

// The demo shop in a browser, with the worker under workerd behind it.

const cannot = noChromium !== undefined || missing(miniflareFolder, 'workerd');

describe.skipIf(cannot)('the shop on workerd, in a browser', () => {
  let demo: WorkersDemo;
  let browser: Browser;
  const sent: string[] = [];
  beforeAll(async () => {
    demo = await startWorkersDemo(await freePort(), (text) => sent.push(text));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await demo.stop();
  });

  const to = (host: string): readonly string[] => sent.filter((text) => text.split('\n')[0]?.includes(host));

  it('sends nothing before a choice, all after it, and nothing once it is taken back', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const buy = async (): Promise<number> => {
      const answer = page.waitForResponse((response) => response.url().includes('/g/collect'));
      await page.getByRole('button', { name: 'Buy two' }).click();
      return (await answer).status();
    };
    const choose = async (choice: string): Promise<void> => {
      await page.locator('#choose').click();
      await page.getByRole('dialog').getByRole('button', { name: choice }).click();
    };
    const VENDORS = ['graph.facebook.com', 'api.linkedin.com', 'capi.uet.microsoft.com'];
    await page.goto(demo.url);
    await page.getByRole('link', { name: 'Arrive from an ad' }).evaluate((link: HTMLAnchorElement) => link.click());
    await page.getByRole('button', { name: 'Reject all' }).first().click();
    expect(await buy()).toBe(204);
    // What the configuration chose to send without consent names nobody.
    await until('the ping is sent', () => to('pagead2.googlesyndication.com').length > 0);
    expect(VENDORS.flatMap(to)).toEqual([]);

    await choose('Accept all');
    expect(await buy()).toBe(204);
    await until('every vendor has it', () => VENDORS.every((host) => to(host).length > 0));
    expect(to('graph.facebook.com').join()).toContain('"event_name": "Purchase"');
    expect(to('region1.google-analytics.com').join()).toContain('gcs = G111');
    expect((await context.cookies()).map(({ name }) => name)).toEqual(expect.arrayContaining(['pv_id', '_gcl_aw']));

    await choose('Reject all');
    expect(await buy()).toBe(204);
    const before = VENDORS.flatMap(to).length;
    expect((await context.cookies()).map(({ name }) => name)).toEqual(['cc_cookie']);
    expect(await buy()).toBe(204);
    await until('the pings are sent', () => to('pagead2.googlesyndication.com').length >= 3);
    expect(VENDORS.flatMap(to).length).toBe(before);
    await context.close();
  });
});
