import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClickIds } from '../../src/cookies/index.ts';
import { Browser, parseSetCookie } from './browser.ts';
import { ADS, ANALYTICS, DAY, HOST, HOUR, NOW, SETTINGS, seconds, signingKey, visit } from './visit.ts';

const YEARS = 730 * DAY;
const settings = { ...SETTINGS, ownId: true };

/** What a page's tags write at every load: what is missing is minted, and all of it is to last for years. */
function writeTags(browser: Browser, at: number, wanted?: readonly string[]): void {
  const value = (name: string) => browser.get(name)?.value;
  const random = Math.floor(at / 1000) % 1_000_003;
  const tags = {
    _ga: value('_ga') ?? `GA1.1.${random}.${seconds(at)}`,
    _ga_TEST000001: `GS2.1.s${seconds(at)}$o1$g0$t${seconds(at)}$j60$l0$h0`,
    _gcl_au: value('_gcl_au') ?? `1.1.${random}.${seconds(at)}`,
    _fbp: value('_fbp') ?? `fb.1.${at}.${random}`,
    _uetvid: value('_uetvid') ?? `vid${random}`,
  };
  for (const [name, text] of Object.entries(tags)) {
    if (wanted === undefined || wanted.includes(name)) browser.write(name, text, 'example.no', at + YEARS);
  }
}

const isAnalytics = (name: string) => name.startsWith('_ga') || name === 'FPID' || name === 'pv_id';

function capOf(name: string): number {
  return isAnalytics(name) ? SETTINGS.analytics : SETTINGS.ads;
}

/** What is wrong with a Set-Cookie value of an answer at that time, under that consent. */
function fault(set: string, at: number, granted: number): string | undefined {
  const { name, value, attributes } = parseSetCookie(set);
  const age = Number(attributes['Max-Age']);
  const { Path: path, Secure: secure, SameSite: site } = attributes;
  if (path !== '/' || secure !== true || site !== 'Lax') return `attributes: ${set}`;
  if (!Number.isSafeInteger(age) || age < 0) return `age: ${set}`;
  if (name.length + value.length > 4096) return `length: ${set}`;
  if (age === 0) return value === '' ? undefined : `expired with a value: ${set}`;
  if ((granted & (isAnalytics(name) ? ANALYTICS : ADS)) === 0) return `denied: ${set}`;
  if (age * 1000 > capOf(name)) return `beyond the cap: ${set}`;
  // What names its own issue time never outlives it by more than the cap, even if that clock was fast.
  const issued = /^(?:GA1\.1\.\d+\.|GCL\.|1\.1\.5\.)(\d{10})/.exec(value)?.[1];
  if (issued !== undefined && at + age * 1000 > Number(issued) * 1000 + capOf(name)) return `extended: ${set}`;
  return undefined;
}

describe('sixty days of daily visits (R26)', () => {
  const used: Record<string, Map<string, { first: number; last: number }>> = {};
  const browser = new Browser();
  for (let day = 0; day < 60; day++) {
    for (const hit of [0, 2000]) {
      const at = NOW + day * DAY + 9 * HOUR + hit;
      browser.header(HOST, at);
      if (hit === 0) writeTags(browser, at);
      const landing = day === 0 ? { gclid: 'click', fbclid: 'click' } : undefined;
      const reading = visit(browser.header(HOST, at), { settings, at, hitId: `hit ${at}`, landing });
      browser.receive(reading.set, HOST, at);
      const seen = { ...reading.identifiers, _uetvid: browser.get('_uetvid')?.value };
      for (const [kind, id] of Object.entries(seen)) {
        if (id === undefined || kind === 'session_id') continue;
        const ids = (used[kind] ??= new Map());
        ids.set(id, { first: ids.get(id)?.first ?? at, last: at });
      }
    }
  }

  it.each([
    ['client_id', 7],
    ['own_id', 7],
    ['fbp', 30],
    ['_uetvid', 30],
  ])('%s changes at least every %i days, and is there on nearly every one of them', (kind, days) => {
    const ids = [...(used[kind] ?? new Map<string, { first: number; last: number }>()).values()];
    for (const { first, last } of ids) expect(last - first).toBeLessThan(days * DAY);
    expect(ids.length).toBeGreaterThanOrEqual(Math.floor(60 / days));
    expect(ids.length).toBeLessThanOrEqual(Math.ceil(60 / (days - 1)) + 1);
  });

  it.each(['gclid', 'fbc'])('%s of the first day is gone after thirty', (kind) => {
    const [click, ...others] = [...(used[kind] ?? [])];
    expect(others).toEqual([]);
    const { first, last } = click?.[1] ?? { first: 0, last: 0 };
    expect(first).toBe(NOW + 9 * HOUR);
    expect(last - first).toBeGreaterThan(28 * DAY);
    expect(last - first).toBeLessThan(30 * DAY);
  });

  it('leaves no governed cookie in the browser that outlives its cap', () => {
    const end = NOW + 59 * DAY + 9 * HOUR + 2000;
    const outliving = browser.cookies.filter(({ name, expires }) => expires - end > capOf(name));
    expect(browser.cookies.length).toBeGreaterThan(5);
    expect(outliving).toEqual([]);
  });

  it('leaves nothing at all in the browser after a withdrawal, and asks for nothing more', () => {
    const at = NOW + 60 * DAY;
    const reading = visit(browser.header(HOST, at), { settings, at, granted: 0 });
    expect(reading.withdrawn?.length).toBeGreaterThan(0);
    browser.receive(reading.set, HOST, at);
    expect(browser.cookies).toEqual([]);
    const next = visit(browser.header(HOST, at), { settings, at, granted: 0 });
    expect(next.withdrawn).toBeUndefined();
    expect(next.set).toEqual([]);
  });
});

describe('tags that write their cookies whenever they like', () => {
  const step = fc.record({
    // Hits of one page, or the next visit.
    gap: fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 9 * DAY })),
    writes: fc.subarray(['_ga', '_ga_TEST000001', '_gcl_au', '_fbp', '_uetvid']),
  });

  // The request shows a value and not how long it is to last, so each answer has to say it.
  it('leave nothing behind an answer that lives beyond its cap', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), (steps) => {
        const browser = new Browser();
        let at = NOW;
        for (const { gap, writes } of steps) {
          at += gap;
          browser.header(HOST, at);
          writeTags(browser, at, writes);
          const { set } = visit(browser.header(HOST, at), { settings, at, hitId: `hit ${at}` });
          browser.receive(set, HOST, at);
          const outliving = browser.cookies.filter(
            ({ name, expires }) => name !== 'pv_seen' && expires - at > capOf(name),
          );
          expect(outliving).toEqual([]);
        }
      }),
    );
  });
});

describe('any cookies, any consent, any time', () => {
  const time = fc.integer({ min: NOW - 500 * DAY, max: NOW + 500 * DAY });
  const second = time.map(seconds);
  const odd = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('', '"', 'a b', 'x,y', 'é'));
  const cookie = fc.oneof(
    fc.tuple(
      fc.constant('_ga'),
      fc.oneof(
        second.map((s) => `GA1.1.482310557.${s}`),
        odd,
      ),
    ),
    fc.tuple(
      fc.constantFrom('_ga_A', '_ga_B'),
      fc.oneof(
        second.map((s) => `GS2.1.s${s}$o1$g0`),
        odd,
      ),
    ),
    fc.tuple(
      fc.constantFrom('_gcl_aw', '_gcl_gb', '_gcl_dc'),
      fc.oneof(
        second.map((s) => `GCL.${s}.id`),
        odd,
      ),
    ),
    fc.tuple(
      fc.constantFrom('_gcl_ag', '_gcl_gs'),
      fc.oneof(
        second.map((s) => `2.1.kid$i${s}`),
        odd,
      ),
    ),
    fc.tuple(
      fc.constantFrom('_gcl_au', 'FPAU'),
      fc.oneof(
        second.map((s) => `1.1.5.${s}`),
        odd,
      ),
    ),
    fc.tuple(
      fc.constantFrom('_fbp', '_fbc'),
      fc.oneof(
        time.map((ms) => `fb.1.${ms}.77`),
        odd,
      ),
    ),
    fc.tuple(fc.constantFrom('_uetvid', '_uetmsclkid', 'li_fat_id', '_fbi', 'FPID', 'pv_id', 'pv_seen'), odd),
    fc.tuple(odd, odd),
  );
  const header = fc
    .array(cookie, { maxLength: 12 })
    .map((list) => list.map(([name, value]) => `${name}=${value}`).join('; '));
  const landing: fc.Arbitrary<ClickIds> = fc.record(
    { gclid: odd, gbraid: odd, wbraid: odd, dclid: odd, fbclid: odd, msclkid: odd, li_fat_id: odd },
    { requiredKeys: [] },
  );
  const some = { header, landing, at: time, granted: fc.integer({ min: 0, max: 127 }), ownId: fc.boolean() };

  it('sets only well-formed cookies, never under a denied signal, never beyond the cap', () => {
    fc.assert(
      fc.property(fc.record(some), ({ header, landing, at, granted, ownId }) => {
        const reading = visit(header, { landing, at, granted, settings: { ...SETTINGS, ownId } });
        expect(reading.set.map((set) => fault(set, at, granted)).filter((found) => found !== undefined)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('yields identifiers only under their signal', () => {
    fc.assert(
      fc.property(fc.record(some), ({ header, landing, at, granted, ownId }) => {
        const { identifiers } = visit(header, { landing, at, granted, settings: { ...SETTINGS, ownId } });
        const denied = Object.keys(identifiers).filter((name) => {
          const needs = ['client_id', 'session_id', 'own_id'].includes(name) ? ANALYTICS : ADS;
          return (granted & needs) === 0;
        });
        expect(denied).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('says the same twice: nothing but the hit decides', () => {
    fc.assert(
      fc.property(fc.record(some), ({ header, landing, at, granted, ownId }) => {
        const more = { landing, at, granted, settings: { ...SETTINGS, ownId, signing: [signingKey('k1', 3)] } };
        expect(visit(header, more)).toEqual(visit(header, more));
      }),
    );
  });
});
