import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Debian's package, which `.ci/run` installs. */
const CHROMIUM = '/usr/bin/chromium';

/**
 * Why tests in a browser cannot run here; undefined when they can. On CI they run, and fail if Chromium is missing:
 * `describe.skipIf(noChromium !== undefined)`.
 */
export const noChromium: string | undefined =
  existsSync(CHROMIUM) || process.env['CI'] === 'true' ? undefined : `${CHROMIUM} is missing`;

if (noChromium !== undefined) console.warn(`tests in a browser are skipped: ${noChromium}`);

/**
 * Starts Chromium, without anything that would make it talk on its own. `goesBack`: pages that are left are kept as they
 * are and shown again, as browsers do; Playwright switches that off, and cannot look into a page that came back.
 */
export function launchChromium({ goesBack = false } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    ...(goesBack && { ignoreDefaultArgs: ['--disable-back-forward-cache'] }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Banners do not ask robots.
      '--disable-blink-features=AutomationControlled',
    ],
  });
}
