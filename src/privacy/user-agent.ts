import { UAParser, type IBrowser } from 'ua-parser-js';
import { Recent } from '../core/recent.ts';
import type { Device } from '../core/values.ts';
import { isCrawler } from './crawlers.ts';

/** A visitor's browser in words that thousands share. */
export interface UserAgent {
  /** A fixed User-Agent template: engine, major version, family of the operating system. */
  readonly family: string;
  readonly device: Device;
}

/** A longer one says more than the browser. */
const LONGEST_USER_AGENT = 512;

/** The template for everything but a known engine on a known system, and for a missing user agent. */
export const GENERIC: UserAgent = { family: 'Mozilla/5.0 (compatible)', device: { category: 'other' } };
/** The template for crawlers. It says so, so that vendors still leave them out of their figures. */
const BOT: UserAgent = { family: 'Mozilla/5.0 (compatible; bot)', device: { category: 'other' } };

/** Systems that are told apart, as ua-parser-js names them. */
const SYSTEMS: Readonly<Record<string, System>> = {
  Windows: 'Windows',
  'Mac OS': 'macOS',
  iOS: 'iOS',
  Android: 'Android',
  'Chromium OS': 'ChromeOS',
  Linux: 'Linux',
  Ubuntu: 'Linux',
  Debian: 'Linux',
  Fedora: 'Linux',
};
type System = 'Windows' | 'macOS' | 'iOS' | 'Android' | 'ChromeOS' | 'Linux';

/** What each system calls itself in Chrome's and Firefox's templates; the versions are frozen ones. */
const PLATFORMS: Readonly<Record<Exclude<System, 'iOS'>, { readonly chrome: string; readonly firefox: string }>> = {
  Windows: { chrome: 'Windows NT 10.0; Win64; x64', firefox: 'Windows NT 10.0; Win64; x64' },
  macOS: { chrome: 'Macintosh; Intel Mac OS X 10_15_7', firefox: 'Macintosh; Intel Mac OS X 10.15' },
  Linux: { chrome: 'X11; Linux x86_64', firefox: 'X11; Linux x86_64' },
  ChromeOS: { chrome: 'X11; CrOS x86_64 14541.0.0', firefox: 'X11; Linux x86_64' },
  Android: { chrome: 'Linux; Android 10; K', firefox: 'Android 10; Mobile' },
};

/** Browsers that are told apart, as ua-parser-js names them -> as GA4 does. */
const BROWSERS: Readonly<Record<string, string>> = {
  Chrome: 'Chrome',
  'Chrome WebView': 'Android Webview',
  'Mobile Chrome': 'Chrome',
  Chromium: 'Chrome',
  Edge: 'Edge',
  Firefox: 'Firefox',
  'Mobile Firefox': 'Firefox',
  Safari: 'Safari',
  'Mobile Safari': 'Safari',
  Opera: 'Opera',
  'Opera Mobi': 'Opera',
  'Opera Touch': 'Opera',
  'Samsung Internet': 'Samsung Internet',
  Facebook: 'Safari (in-app)',
  Instagram: 'Safari (in-app)',
  WebKit: 'Safari (in-app)',
};

/** Versions in use. With any other version a user agent is so rare that it identifies its owner. */
const VERSIONS = { Blink: [60, 250], Gecko: [60, 250], WebKit: [10, 40] } as const;

const cache = new Recent<UserAgent>(1_000, 1 << 20);

/**
 * Reduces a User-Agent to a template and a device (R7). Nothing of the string itself comes out except major versions
 * within the usual range. None, too long, or unknown: a generic template and category `other`.
 */
export function readUserAgent(ua: string | undefined): UserAgent {
  if (ua === undefined || ua === '' || ua.length > LONGEST_USER_AGENT) return GENERIC;
  const known = cache.get(ua);
  if (known !== undefined) return known;
  const read = parse(ua);
  cache.set(ua, read);
  return read;
}

function parse(ua: string): UserAgent {
  if (isCrawler(ua)) return BOT;
  const { engine, browser, os, device } = new UAParser(ua).getResult();
  const system = Object.hasOwn(SYSTEMS, os.name ?? '') ? SYSTEMS[os.name ?? ''] : undefined;
  if (system === undefined) return GENERIC;
  const tablet = device.type === 'tablet';
  const family = template(system, engine.name, majorOf(engine.name, ua, system, os.version), tablet);
  return family === undefined ? GENERIC : { family, device: describe(system, device.type, browser) };
}

/** The engine's own number: that of Chrome in every browser made from it, that of iOS in every browser there. */
function majorOf(engine: string | undefined, ua: string, system: System, systemVersion: string | undefined): number {
  if (system === 'iOS') return Number.parseInt(systemVersion ?? '', 10);
  const marker = engine === 'Gecko' ? 'Firefox/' : engine === 'WebKit' ? 'Version/' : 'Chrome/';
  const at = ua.indexOf(marker);
  return at < 0 ? Number.NaN : Number.parseInt(ua.slice(at + marker.length, at + marker.length + 4), 10);
}

/** The template of an engine on a system; undefined for a pair or a version that is not in use. */
function template(system: System, engine: string | undefined, major: number, tablet: boolean): string | undefined {
  if (system === 'iOS') return inUse('WebKit', major) ? ios(major, tablet) : undefined;
  const { chrome, firefox } = PLATFORMS[system];
  if (engine === 'Blink' && inUse('Blink', major)) {
    const mobile = system === 'Android' && !tablet ? 'Mobile ' : '';
    return `Mozilla/5.0 (${chrome}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 ${mobile}Safari/537.36`;
  }
  if (engine === 'Gecko' && inUse('Gecko', major)) {
    const where = tablet ? 'Android 10; Tablet' : firefox;
    const trail = system === 'Android' ? `${major}.0` : '20100101';
    return `Mozilla/5.0 (${where}; rv:${major}.0) Gecko/${trail} Firefox/${major}.0`;
  }
  if (engine === 'WebKit' && system === 'macOS' && inUse('WebKit', major)) {
    return `Mozilla/5.0 (${chrome}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${major}.0 Safari/605.1.15`;
  }
  return undefined;
}

function ios(major: number, tablet: boolean): string {
  const device = tablet ? `iPad; CPU OS ${major}_0` : `iPhone; CPU iPhone OS ${major}_0`;
  return `Mozilla/5.0 (${device} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${major}.0 Mobile/15E148 Safari/604.1`;
}

function inUse(engine: keyof typeof VERSIONS, major: number): boolean {
  const [oldest, newest] = VERSIONS[engine];
  return major >= oldest && major <= newest;
}

function describe(system: System, type: string | undefined, browser: IBrowser): Device {
  const name = Object.hasOwn(BROWSERS, browser.name ?? '') ? BROWSERS[browser.name ?? ''] : undefined;
  const version = majorOnly(browser.version);
  return {
    category: categoryOf(system, type),
    ...(name === undefined ? {} : { browser: name }),
    ...(name === undefined || version === undefined ? {} : { browser_version: version }),
    operating_system: system,
  };
}

/** ua-parser-js has no word for a computer. */
function categoryOf(system: System, type: string | undefined): Device['category'] {
  if (type === 'mobile' || type === 'tablet') return type;
  if (type === 'smarttv') return 'tv';
  return system === 'Android' || system === 'iOS' ? 'mobile' : type === undefined ? 'desktop' : 'other';
}

/** `131.0.6778.86` as `131`; undefined where there is no version that browsers have. */
export function majorOnly(version: string | undefined): string | undefined {
  const major = /^([1-9]\d{0,2})(?:\.|$)/.exec(version ?? '')?.[1];
  return major !== undefined && Number(major) >= 10 && Number(major) <= 250 ? major : undefined;
}
