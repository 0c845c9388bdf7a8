import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Gateway, Route, Site } from '../../src/policy/gateway.ts';
import type { Permit } from '../../src/policy/permit.ts';
import { profiles, type Profile } from './profiles.ts';
import { Run, type Plant } from './run.ts';

// Negative controls: the same run with a fault in it must not come out clean.

const [everyLimited] = profiles().filter(({ name }) => name === 'every limited form');
if (everyLimited === undefined) throw new Error('the profile is gone');
const HITS = 400;

/** Sorts of leaks that a run with this fault ends with. */
function leaks(profile: Profile, plant?: Plant): string[] {
  const run = new Run([profile], plant);
  run.hits(1, HITS);
  return [...run.finish(HITS).examples.keys()];
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('a planted leak is found', () => {
  it.each<readonly [string, Plant, string]>([
    [
      'the whole page address in a request',
      (text, place, { events }) => (place === 'meta' ? `${text}${events[0]?.raw.page_location ?? ''}` : text),
      'query raw -> meta',
    ],
    [
      'the same, encoded twice',
      (text, place, { events }) =>
        place === 'meta'
          ? `${text}${encodeURIComponent(encodeURIComponent(events[0]?.raw.page_location ?? ''))}`
          : text,
      'fragment raw -> meta',
    ],
    [
      'an address in a log line',
      (text, place, { hit }) => (place === 'elsewhere' ? `${text} ${hit.peer ?? ''}` : text),
      'ipPeer raw -> elsewhere',
    ],
    [
      'a cut address',
      (text, place, { hit }) => (place === 'ga4' ? `${text} ${(hit.peer ?? '').replace(/\.\d+$/, '.0')}` : text),
      'ipPeer prefix -> ga4',
    ],
    [
      'a header in base64',
      (text, place, { hit }) =>
        place === 'elsewhere' ? text + Buffer.from(`?${hit.headers['cookie'] ?? ''}`).toString('base64') : text,
      'consentId raw -> elsewhere',
    ],
    [
      'the user agent in hex',
      (text, place, { hit }) =>
        place === 'preview' ? text + Buffer.from(hit.headers['user-agent'] ?? '').toString('hex') : text,
      'userAgent raw -> preview',
    ],
    [
      'a hashed e-mail address where it is not matched on',
      (text, place, { events }) =>
        place === 'preview' ? text + sha256(events[0]?.raw.email?.trim().toLowerCase() ?? '') : text,
      'email sha256 -> preview',
    ],
    [
      'an MD5 of the client address',
      (text, place, { hit }) =>
        place === 'linkedin'
          ? text +
            createHash('md5')
              .update(hit.peer ?? '')
              .digest('base64url')
          : text,
      'ipPeer md5 -> linkedin',
    ],
    [
      'a hashed client id',
      (text, place, { events }) => (place === 'google_ads' ? text + sha256(events[0]?.raw.client_id ?? '') : text),
      'cid sha256 -> google_ads',
    ],
    [
      "another vendor's click id",
      (text, place, { events }) =>
        place === 'microsoft_ads' ? text + (/fbclid=(\w+)/.exec(events[0]?.raw.page_location ?? '')?.[1] ?? '') : text,
      'fbclid raw -> microsoft_ads',
    ],
  ])('%s', (_, plant, sort) => {
    expect(leaks(everyLimited)).toEqual([]);
    expect(leaks(everyLimited, plant)).toContain(sort);
  });

  it('something kept from an earlier hit', () => {
    let kept = '';
    const plant: Plant = (text, place, { events }) => {
      if (place !== 'ga4') return text;
      const planted = text + kept;
      kept = events[0]?.raw.user_id ?? kept;
      return planted;
    };
    expect(leaks(everyLimited, plant)).toContain('userId raw -> ga4');
  });
});

/** The same gateway with other permits on every route of every site. */
function withPermits(profile: Profile, change: (permits: readonly Permit[]) => readonly Permit[]): Profile {
  return withRoutes(profile, (route) => ({ ...route, permits: change(route.permits) }));
}

function withRoutes(profile: Profile, changed: (route: Route) => Route): Profile {
  const sites = new Map<Site, Site>();
  for (const site of profile.gateway.sites) {
    sites.set(site, { ...site, routes: site.routes.map(changed), feeds: site.feeds.map(changed) });
  }
  const gateway: Gateway = {
    ...profile.gateway,
    sites: [...sites.values()],
    siteOf: new Map([...profile.gateway.siteOf].map(([host, site]) => [host, sites.get(site) as Site])),
  };
  return { ...profile, gateway };
}

describe('a fault in what decides is found', () => {
  it('permits that hold whatever was granted', () => {
    const found = leaks(withPermits(everyLimited, (permits) => permits.map(() => permits[15] as Permit)));
    expect(found).toContain('gclid raw -> ga4');
    expect(found).toContain('gclid raw -> google_ads');
    expect(found).toContain('email sha256 -> meta');
    expect(found).toContain('msclkid raw -> microsoft_ads');
    expect(found).toContain('liFatId raw -> linkedin');
  });

  it('by the check before the socket, too', () => {
    const run = new Run([withPermits(everyLimited, (permits) => permits.map(() => permits[15] as Permit))]);
    run.hits(1, HITS);
    const { heldBack } = run.finish(HITS);
    expect(new Set(Object.keys(heldBack).map((rule) => rule.split(':')[0]))).toEqual(
      new Set([
        'floodlight',
        'ga4',
        'google_ads',
        'http',
        'hubspot',
        'linkedin',
        'matomo',
        'meta',
        'microsoft_ads',
        'pinterest',
        'reddit',
        'snapchat',
        'tiktok',
        'piwik_pro',
      ]),
    );
  });

  it('fields that are handed over as they are, not hashed', () => {
    const raw = (permit: Permit): Permit => ({
      ...permit,
      open: permit.open.map((passage) => ({ ...passage, as: undefined })),
    });
    const found = leaks(withPermits(everyLimited, (permits) => permits.map(raw)));
    expect(found).toContain('email raw -> meta');
    expect(found).toContain('email raw -> linkedin');
    expect(found).toContain('phone raw -> google_ads');
    expect(found).toContain('userId raw -> meta');
  });

  it('user data in the clear that is not sealed while it waits', () => {
    const open = { seal: (text: string) => text, open: (text: string) => text };
    const found = leaks(withRoutes(everyLimited, (route) => ({ ...route, sealer: open })));
    expect(found).toContain('email raw -> http');
    expect(found).toContain('lastName raw -> http');
  });

  it('one signal mistaken for another', () => {
    const swapped = (permits: readonly Permit[]): Permit[] =>
      permits.map((_, granted) => permits[(granted & 12) | ((granted & 1) << 1) | ((granted & 2) >> 1)] as Permit);
    expect(leaks(withPermits(everyLimited, swapped))).toContain('order raw -> google_ads');
  });
});
