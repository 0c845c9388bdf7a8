import { request as httpRequest } from 'node:http';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Hit } from '../../src/protocols/hit.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';
import { generate, type Generated } from './generate.ts';
import { permission, type Place, type Vendor } from './kinds.ts';
import { INGEST_KEY, LIMITED, LOOSER, sitesOf, type Profile } from './profiles.ts';
import { digestsOf, search, type Digests, type Found } from './search.ts';

// The same search over a gateway in a process of its own: what the vendors received, every file it wrote, its log, its
// metrics and its preview (T0). Some vendors refuse or are down, so that events wait and dead letters lie on disk.

const HITS = 300;
const VENDOR_OF: ReadonlyMap<string, Vendor> = new Map([
  ['www.google-analytics.com', 'ga4'],
  ['region1.google-analytics.com', 'ga4'],
  ['datamanager.googleapis.com', 'google_ads'],
  ['pagead2.googlesyndication.com', 'google_ads'],
  ['graph.facebook.com', 'meta'],
  ['api.linkedin.com', 'linkedin'],
  ['api.hubapi.com', 'hubspot'],
  ['stats.example.no', 'matomo'],
  ['example.piwik.pro', 'piwik_pro'],
  ['capi.uet.microsoft.com', 'microsoft_ads'],
  ['bat.bing.com', 'microsoft_ads'],
  ['api.pinterest.com', 'pinterest'],
  ['ads-api.reddit.com', 'reddit'],
  ['tr.snapchat.com', 'snapchat'],
  ['business-api.tiktok.com', 'tiktok'],
  ['crm.example.com', 'http'],
]);
const VENDORS = [...new Set([...VENDOR_OF.values(), 'floodlight'])];
/** Google Ads and Floodlight have one host; the account says whose a request is. */
const vendorOf = (host: string, body: string) =>
  body.includes('"FLOODLIGHT_CONFIG"') ? 'floodlight' : VENDOR_OF.get(host);
/** Values of the environment that must be seen in the right vendor's requests and nowhere else (R77). */
const SECRETS = {
  GA4_API_SECRET: 'wzsecretga4wz',
  META_ACCESS_TOKEN: 'wzsecretmetawz',
  LINKEDIN_ACCESS_TOKEN: 'wzsecretlinkedinwz',
  HUBSPOT_TOKEN: 'wzsecrethubspotwz',
  MATOMO_TOKEN: 'wzsecretmatomowz',
  MICROSOFT_UET_TOKEN: 'wzsecretmicrosoftwz',
  PINTEREST_ACCESS_TOKEN: 'wzsecretpinterestwz',
  REDDIT_ACCESS_TOKEN: 'wzsecretredditwz',
  SNAPCHAT_ACCESS_TOKEN: 'wzsecretsnapchatwz',
  TIKTOK_ACCESS_TOKEN: 'wzsecrettiktokwz',
  HTTP_HOOK: 'wzsecrethttpwz',
};

/** Two sites in one gateway: every limited form, and the loosest there is. */
const LOOSE_SITE = LOOSER.replace('metrics.example.no', 'loose.example.no').replace(/^\s*sites:\n/, '');
const CONFIG = `${LIMITED}${LOOSE_SITE}`;

let recorder: Recorder;
let gateway: Served;
let profiles: Profile[];
const made = new Map<number, { readonly profile: Profile; readonly generated: Generated }>();
const answers: { readonly serial: number; readonly status: number; readonly text: string; readonly cookies: string }[] =
  [];
let digests: Map<string, Digests extends ReadonlyMap<string, infer D> ? D : never>;
let preview = '';
let metrics = '';

beforeAll(async () => {
  recorder = await startRecorder();
  recorder.script('graph.facebook.com', () => ({ status: 400, body: '{"error":{"code":100,"message":"no"}}' }));
  recorder.script('api.linkedin.com', () => ({ status: 503 }));
  recorder.script('business-api.tiktok.com', () => ({ status: 200, body: '{"code":0}' }));
  gateway = await serve({ config: CONFIG, sink: recorder.url, env: { ...SECRETS, INGEST_KEY } });
  profiles = sitesOf('process', CONFIG, Date.now());
  const stop = watchPreview();
  for (let serial = 1; serial <= HITS; serial++) {
    const profile = profiles[serial % profiles.length] as Profile;
    const generated = generate(profile, serial);
    made.set(serial, { profile, generated });
    answers.push({ serial, ...(await send(generated.hit)) });
  }
  digests = new Map([...made].flatMap(([serial, { generated }]) => [...digestsOf(generated.values, serial)]));
  await settled();
  stop();
  metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
}, 120_000);

afterAll(async () => {
  gateway.child.kill('SIGKILL');
  await recorder.close();
});

function send(hit: Hit): Promise<{ status: number; text: string; cookies: string }> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve, reject) => {
    const path = hit.query === '' ? hit.path : `${hit.path}?${hit.query}`;
    const headers = Object.fromEntries(Object.entries(hit.headers).map(([name, value]) => [name, latin1(value ?? '')]));
    const outgoing = httpRequest(
      { hostname, port, path, method: hit.method, headers: { ...headers, host: hit.host } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text, cookies: (answer.headers['set-cookie'] ?? []).join('\n') }),
        );
      },
    );
    outgoing.on('error', reject).end(hit.method === 'POST' ? hit.body : undefined);
  });
}

/** Header values as a wire carries them. */
function latin1(text: string): string {
  return text.replaceAll(/[^\x20-\x7e\xa0-\xff]/g, '?');
}

function watchPreview(): () => void {
  const { hostname, port } = new URL(gateway.adminUrl);
  const stream = httpRequest({ hostname, port, path: '/preview/stream' }, (answer) => {
    answer.setEncoding('utf8').on('data', (chunk: string) => (preview += chunk));
  });
  stream.on('error', () => {}).end();
  return () => stream.destroy();
}

/** Waits until deliveries have come to rest: refused ones are dead letters by then, LinkedIn's wait. */
async function settled(): Promise<void> {
  let before = -1;
  for (let quiet = 0; quiet < 3; quiet = recorder.requests.length === before ? quiet + 1 : 0) {
    before = recorder.requests.length;
    await pause(500);
  }
}

/** Everything under --data as it lies there, write-ahead logs included. */
function files(): { readonly name: string; readonly text: string }[] {
  const names = readdirSync(gateway.data, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name !== 'gateway.yaml' && statSync(join(gateway.data, name)).isFile())
    .map((name) => ({ name, text: readFileSync(join(gateway.data, name), 'latin1') }));
}

/** Whether the visitor who brought it, and the site it came to, let this be at one of these places. */
function allowed(found: Found, places: readonly Place[], stored: boolean): boolean {
  const origin = made.get(found.serial);
  // The first half of an address belongs to many; the site's choice decides.
  const candidates = found.form === 'prefix' ? [...made.values()] : origin === undefined ? [] : [origin];
  return candidates.some(({ profile, generated: { said } }) =>
    places.some((place) => {
      const vendor = VENDORS.find((name) => name === place);
      const routes = [...profile.routes.values()].filter((route) => route.vendor === vendor);
      const limited = routes.some((route) => route.limited);
      const routeNeeds = routes[0]?.needs ?? 0;
      const granted = vendor === undefined ? said.granted : said.grantedTo(vendor);
      return (
        permission(found.kind, found.form, {
          place,
          stored,
          granted,
          limited,
          routeNeeds,
          choices: profile.choices,
        }) !== undefined
      );
    }),
  );
}

function look(text: string, ...places: readonly Place[]): { found: number; leaks: string[] } {
  return lookFor(text, places, false);
}

function lookFor(text: string, places: readonly Place[], stored: boolean): { found: number; leaks: string[] } {
  const all = search(text, { from: 1, to: HITS }, () => digests);
  const leaks = all.filter((found) => !allowed(found, places, stored));
  return {
    found: all.length,
    leaks: leaks.map(({ kind, form, how, serial }) => `${kind} ${form} ${how} of hit ${serial}`),
  };
}

function secretsIn(text: string): string[] {
  return Object.values(SECRETS).filter((secret) => text.includes(secret));
}

describe('a process that was full of canaries', () => {
  it('answered every hit, with nothing in its answers but the cookies that belong to the visitor', () => {
    let found = 0;
    for (const { serial, status, text, cookies } of answers) {
      const { profile, generated } = made.get(serial) ?? {};
      expect([200, 204, 400, 403]).toContain(status);
      if (status === 204) expect(text).toBe('');
      // Segment's libraries look for this (`protocols/segment.md` 6).
      if (status === 200) expect(text).toBe('{"success":true}');
      expect(look(text, 'elsewhere').leaks).toEqual([]);
      const inCookies = look(cookies, 'set-cookie');
      expect({ serial, said: generated?.said.how, profile: profile?.name, leaks: inCookies.leaks }).toMatchObject({
        leaks: [],
      });
      found += inCookies.found;
    }
    expect(answers.filter(({ status }) => status < 300).length).toBeGreaterThan(HITS * 0.9);
    expect(found).toBeGreaterThan(50);
  });

  it('sent each vendor what it may have, headers and all', () => {
    const received = new Map<Vendor, number>();
    for (const request of recorder.requests) {
      const { host, path, query, headers, body } = request;
      const vendor = vendorOf(host, body);
      const wire = JSON.stringify({ path, query, headers }) + body;
      const { found, leaks } = look(wire, vendor ?? 'elsewhere');
      expect({ host, leaks }).toEqual({ host, leaks: [] });
      if (vendor !== undefined) received.set(vendor, (received.get(vendor) ?? 0) + found);
      const own = Object.entries(SECRETS).filter(
        ([name]) => vendor !== undefined && name.startsWith(vendor.slice(0, 4).toUpperCase()),
      );
      expect(secretsIn(wire).filter((secret) => !own.some(([, value]) => value === secret))).toEqual([]);
      // R69: nothing of the browser's own request is passed on.
      for (const name of [
        'cookie',
        'referer',
        'origin',
        'x-forwarded-for',
        'forwarded',
        'via',
        'accept-language',
        'x-real-ip',
        'sec-gpc',
      ]) {
        expect(headers).not.toHaveProperty(name);
      }
    }
    expect([...received.keys()].toSorted()).toEqual(VENDORS.toSorted());
    for (const count of received.values()) expect(count).toBeGreaterThan(10);
  });

  it('wrote nothing to its log and its metrics, and shows nothing in its preview, that may not be there', () => {
    expect(look(gateway.log(), 'elsewhere').leaks).toEqual([]);
    expect(look(metrics, 'elsewhere').leaks).toEqual([]);
    expect(metrics).toMatch(/portvakt_outbox_dead_letters\{[^}]*meta[^}]*\} [1-9]/);
    expect(metrics).toMatch(/portvakt_outbox_waiting\{[^}]*linkedin[^}]*\} [1-9]/);
    const shown = look(preview, 'preview', ...VENDORS);
    expect(shown.leaks).toEqual([]);
    // What waits sealed is not shown either.
    expect(lookFor(preview, ['preview', ...VENDORS], true).leaks).toEqual([]);
    expect(shown.found).toBeGreaterThan(500);
    expect(secretsIn(gateway.log() + metrics + preview)).toEqual([]);
    for (const line of gateway.log().trim().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  it('wrote to disk only what a vendor may have, while it ran and when it was killed', async () => {
    for (const killed of [false, true]) {
      if (killed) {
        await gateway.stop('SIGKILL');
        expect(look(gateway.log(), 'elsewhere').leaks).toEqual([]);
      }
      let found = 0;
      for (const { name, text } of files()) {
        const seen = lookFor(text, VENDORS, true);
        expect({ name, leaks: seen.leaks }).toEqual({ name, leaks: [] });
        expect({ name, secrets: secretsIn(text) }).toEqual({ name, secrets: [] });
        found += seen.found;
      }
      // Meta's dead letters and what waits for LinkedIn are there, or the search has looked in the wrong place.
      expect(found).toBeGreaterThan(100);
    }
  });
});

describe('the search of the process', () => {
  it('finds a leak in each of these places', () => {
    const stranger = [...made.values()].find(
      ({ generated }) => generated.said.granted === 0 && generated.hit.headers['cookie'] !== undefined,
    );
    if (stranger === undefined) throw new Error('nobody refused');
    const { hit, serial } = stranger.generated;
    expect(
      look(`{"level":"warn","msg":"${hit.headers['x-forwarded-for'] ?? ''}"}`, 'elsewhere').leaks.join(),
    ).toContain(`of hit ${serial}`);
    expect(
      look(
        `portvakt_x{k="${Buffer.from(hit.headers['cookie'] ?? '').toString('base64')}"} 1`,
        'elsewhere',
      ).leaks.join(),
    ).toContain(`of hit ${serial}`);
    expect(lookFor(`\0\0SQLite${hit.headers['user-agent'] ?? ''}\0`, VENDORS, true).leaks.join()).toContain(
      'userAgent',
    );
    expect(look(hit.headers['cookie'] ?? '', 'set-cookie').leaks.join()).toContain(`of hit ${serial}`);
  });
});
