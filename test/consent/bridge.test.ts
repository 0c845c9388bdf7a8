import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { bridgeScript } from '../../src/consent/bridge.ts';
import { inputOf, M, NOW, P, S, siteOf, readConsent } from './site.ts';

type Listener = (event: { detail: unknown }) => void;

/** A page that has loaded the script: just enough of a browser for it to run in. */
function page(options: { readonly domain?: string; readonly protocol?: string; readonly globals?: object } = {}) {
  const listeners = new Map<string, Listener>();
  const jar = { written: [] as string[] };
  const listen = (name: string, listener: Listener) => listeners.set(name, listener);
  const window: Record<string, unknown> = { ...options.globals };
  const document = {
    get cookie() {
      return jar.written.map((line) => line.split(';')[0]).join('; ');
    },
    set cookie(line: string) {
      jar.written.push(line);
    },
    currentScript: { dataset: { domain: options.domain } },
    addEventListener: listen,
  };
  class FixedDate extends Date {
    static override now() {
      return NOW + 999;
    }
  }
  Object.assign(window, {
    window,
    document,
    location: { protocol: options.protocol ?? 'https:' },
    addEventListener: listen,
    Date: FixedDate,
  });
  createContext(window);
  runInContext(bridgeScript(), window);
  const fire = (name: string, detail: unknown) => listeners.get(name)?.({ detail });
  const read = () => readConsent(inputOf(document.cookie), siteOf(['bridge']));
  return { window, jar, fire, read };
}

type Own = (choice: Record<string, unknown>) => void;

describe('bridgeScript', () => {
  it('is smaller than a kibibyte', () => {
    expect(new TextEncoder().encode(bridgeScript()).length).toBeLessThan(1024);
  });

  it('writes what the page says, in the documented form', () => {
    const { window, jar, read } = page({ domain: 'example.no' });
    (window['portvaktConsent'] as Own)({ preferences: false, statistics: true, marketing: false });
    expect(jar.written).toEqual([
      `pv_consent=1.p0s1m0.${NOW / 1000};path=/;samesite=lax;max-age=15552000;domain=example.no;secure`,
    ]);
    expect(read()).toMatchObject({ granted: S, at: NOW, platform: 'bridge' });
  });

  it('keeps a cookie to its host, and works without TLS on a developer machine', () => {
    const { window, jar } = page({ protocol: 'http:' });
    (window['portvaktConsent'] as Own)({});
    expect(jar.written).toEqual([`pv_consent=1.p0s0m0.${NOW / 1000};path=/;samesite=lax;max-age=15552000`]);
  });

  it('takes nothing but true for an acceptance', () => {
    const { window, read } = page();
    (window['portvaktConsent'] as Own)({ preferences: 'true', statistics: 1, marketing: {} });
    expect(read().granted).toBe(0);
  });

  it('keeps the time of a choice that says the same again, and writes one that differs', () => {
    const { window, jar } = page();
    const own = window['portvaktConsent'] as Own;
    own({ statistics: true });
    own({ statistics: true });
    expect(jar.written).toHaveLength(1);
    own({ statistics: false });
    expect(jar.written).toHaveLength(2);
  });

  it('listens to Shopify', () => {
    const { fire, read } = page();
    const allowed = { preferencesAllowed: true, analyticsAllowed: true, marketingAllowed: true };
    fire('visitorConsentCollected', { ...allowed, saleOfDataAllowed: false });
    expect(read().granted).toBe(P | S);
  });

  it('listens to Usercentrics, to explicit choices only', () => {
    const { fire, jar, read } = page();
    const ucCategory = { essential: true, functional: true, marketing: true, statistics: null };
    fire('ucEvent', { event: 'consent_status', type: 'IMPLICIT', ucCategory });
    expect(jar.written).toHaveLength(0);
    fire('ucEvent', { event: 'consent_status', type: 'explicit', ucCategory });
    expect(read().granted).toBe(P | M);
  });

  it('listens to Termly, and leaves the page its own callback', () => {
    const called: string[] = [];
    let tell: ((event: unknown) => void) | undefined;
    const Termly = { on: (_: string, listener: (event: unknown) => void) => (tell = listener) };
    const { window, read } = page({ globals: { Termly, onTermlyLoaded: () => called.push('page') } });
    (window['onTermlyLoaded'] as () => void)();
    tell?.({ consentState: { essential: true, performance: false, analytics: true, advertising: false } });
    expect(called).toEqual(['page']);
    expect(read().granted).toBe(S);
  });

  it('listens to Sourcepoint, by the purposes the page names, all of each category', () => {
    let ready: (() => void) | undefined;
    const consents = { consentedPurposes: [{ name: 'Performance' }, { name: 'Personal Ads' }] };
    const globals = {
      _sp_: {
        addEventListener: (_: string, listener: () => void) => (ready = listener),
        gdpr: { getCustomVendorConsents: (tell: (value: unknown) => void) => tell(consents) },
      },
      portvaktPurposes: { Performance: 'statistics', 'Personal Ads': 'marketing', 'Social Media': 'marketing' },
    };
    const { window, read } = page({ globals });
    (window['_sp_queue'] as (() => void)[])[0]?.();
    ready?.();
    expect(read().granted).toBe(S);
  });

  it('writes nothing for Sourcepoint where the page names no purposes', () => {
    let ready: (() => void) | undefined;
    const globals = {
      _sp_: {
        addEventListener: (_: string, listener: () => void) => (ready = listener),
        gdpr: { getCustomVendorConsents: (tell: (value: unknown) => void) => tell({ consentedPurposes: [] }) },
      },
    };
    const { window, jar } = page({ globals });
    (window['_sp_queue'] as (() => void)[])[0]?.();
    ready?.();
    expect(jar.written).toHaveLength(0);
  });
});

describe('the bridge cookie', () => {
  it.each([
    '1.p1s1m1',
    '1.p1s1m1.',
    '2.p1s1m1.1789371065',
    '1.p1s1m1.1789371065x',
    '1.p1s1m1.178937106512345',
    '1.p2s1m1.1789371065',
    '1.s1m1.1789371065',
    '1.P1S1M1.1789371065',
    ' ',
    '',
    'true',
  ])('%j is no choice', (value) => {
    expect(readConsent(inputOf(`pv_consent=${value}`), siteOf(['bridge'])).granted).toBe(0);
  });
});
