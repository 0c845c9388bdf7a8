import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { startRecorder, type FakeReply, type Recorder } from '../support/recorder.ts';
import { temporary } from '../support/serve.ts';
import { VENDORS } from '../support/vendors.ts';
import { googleError, replies as googleReplies } from '../vendors/google-ads.ts';
import { errorReply } from '../vendors/meta.ts';
import { replies as microsoftReplies } from '../vendors/microsoft-ads.ts';
import { replies as pinterestReplies } from '../vendors/pinterest.ts';
import { replies as redditReplies } from '../vendors/reddit.ts';
import { replies as snapchatReplies } from '../vendors/snapchat.ts';
import { replies as tiktokReplies } from '../vendors/tiktok.ts';

const CONFIG = join(import.meta.dirname, '../../config/gateway.yaml');
const HOSTS = {
  ga4: 'region1.google-analytics.com',
  google_ads: 'datamanager.googleapis.com',
  floodlight: 'datamanager.googleapis.com',
  meta: 'graph.facebook.com',
  linkedin: 'api.linkedin.com',
  hubspot: 'api.hubapi.com',
  microsoft_ads: 'capi.uet.microsoft.com',
  pinterest: 'api.pinterest.com',
  reddit: 'ads-api.reddit.com',
  snapchat: 'tr.snapchat.com',
  tiktok: 'business-api.tiktok.com',
} as const;
type Vendor = keyof typeof HOSTS;
/** They have no harmless request, so nothing is said about them, and nothing sent to them: linkedin.md 9, hubspot.md 7. */
const UNASKED: readonly string[] = ['linkedin', 'hubspot'];
const ASKED = Object.keys(HOSTS).filter((name) => !UNASKED.includes(name));

interface Checked {
  readonly route: string;
  readonly result: string;
  readonly message: string;
}

let recorder: Recorder;
beforeEach(async () => {
  recorder = await startRecorder(VENDORS);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await recorder.close();
});

async function check(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said: Record<'log' | 'error', string[]> = { log: [], error: [] };
  const spies = (['log', 'error'] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation((text: string) => void said[name].push(text)),
  );
  try {
    const code = await main(['check', ...args]);
    return { code, out: said.log.join('\n'), err: said.error.join('\n') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** What came of each route of the reference configuration, in its order, and the exit code. */
async function results(): Promise<{ code: number; of: Record<Vendor, Checked> }> {
  const { code, out } = await check(CONFIG, '--sink', recorder.url, '--json');
  const list = JSON.parse(out) as Checked[];
  expect(list.map(({ route }) => route)).toEqual(Object.keys(HOSTS).map((name) => `metrics.example.no/${name}`));
  return {
    code,
    of: Object.fromEntries(list.map((one) => [one.route.slice('metrics.example.no/'.length), one])) as Record<
      Vendor,
      Checked
    >,
  };
}

describe('all is well', () => {
  it('says so in words, one line a route, and ends with 0', async () => {
    const { code, out } = await check(CONFIG, '--sink', recorder.url);
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines.map((line) => line.slice(0, 4))).toEqual(
      Object.keys(HOSTS).map((name) => (UNASKED.includes(name) ? '-   ' : 'ok  ')),
    );
    expect(lines[0]).toContain('metrics.example.no/ga4');
    expect(lines.filter((line) => line.includes('no way to check'))).toHaveLength(UNASKED.length);
  });

  it('asks each vendor once, in the mode that stores nothing', async () => {
    await results();
    const [ga4, ...more] = recorder.to(HOSTS.ga4);
    expect(more).toEqual([]);
    // ga4.md 2.1, 2.9.
    expect(ga4?.path).toBe('/debug/mp/collect');
    const google = recorder.to(HOSTS.google_ads).find(({ body }) => body.includes('"GOOGLE_ADS"'));
    expect(JSON.parse(google?.body ?? '')).toMatchObject({
      validateOnly: true,
      events: [{ consent: { adUserData: 'CONSENT_DENIED', adPersonalization: 'CONSENT_DENIED' } }],
    });
    // Both conversion actions of the configuration are asked about (google-ads.md 2.2).
    expect(google?.body).toContain('"productDestinationId":"700123456"');
    expect(google?.body).toContain('"productDestinationId":"700123457"');
    const floodlight = recorder.to(HOSTS.floodlight).find(({ body }) => body.includes('FLOODLIGHT_CONFIG'));
    expect(JSON.parse(floodlight?.body ?? '')).toMatchObject({ validateOnly: true });
    expect(floodlight?.body).toContain('"productDestinationId":"14567891"');
    // No event at all: meta.md 10, microsoft.md A.5, tiktok.md 10, pinterest.md 1, where nothing is recorded besides.
    expect(JSON.parse(recorder.to(HOSTS.meta)[0]?.body ?? '')).toMatchObject({ data: [] });
    expect(JSON.parse(recorder.to(HOSTS.microsoft_ads)[0]?.body ?? '')).toEqual({ data: [] });
    expect(JSON.parse(recorder.to(HOSTS.reddit)[0]?.body ?? '')).toEqual({ data: { events: [] } });
    expect(recorder.to(HOSTS.pinterest)[0]).toMatchObject({ query: 'test=true', body: '{"data":[]}' });
    expect(recorder.to(HOSTS.snapchat)[0]).toMatchObject({
      path: '/v3/1ec32188-754e-4be2-8e55-c949a984a39f/events/validate',
      body: '{"data":[]}',
    });
    expect(JSON.parse(recorder.to(HOSTS.tiktok)[0]?.body ?? '')).toMatchObject({ data: [] });
    expect(recorder.to(HOSTS.linkedin)).toEqual([]);
    expect(recorder.to(HOSTS.hubspot)).toEqual([]);
    // One each, and the token of Google Ads and Floodlight.
    expect(recorder.requests).toHaveLength(ASKED.length + 1);
  });

  it('uses the secrets the routes use', async () => {
    vi.stubEnv('META_ACCESS_TOKEN', 'meta-token');
    vi.stubEnv('MICROSOFT_UET_TOKEN', 'microsoft-token');
    vi.stubEnv('TIKTOK_ACCESS_TOKEN', 'tiktok-token');
    await results();
    expect(recorder.to(HOSTS.meta)[0]?.headers['authorization']).toBe('Bearer meta-token');
    expect(recorder.to(HOSTS.microsoft_ads)[0]?.headers['authorization']).toBe('Bearer microsoft-token');
    expect(recorder.to(HOSTS.tiktok)[0]?.headers['access-token']).toBe('tiktok-token');
    expect(recorder.to(HOSTS.google_ads)[0]?.headers['authorization']).toBe('Bearer ya29.fake');
  });
});

const json = (status: number, body: unknown): FakeReply => ({ status, body: JSON.stringify(body) });

describe('a vendor objects', () => {
  it.each<[Vendor, string, FakeReply, string]>([
    [
      'ga4',
      'the form',
      json(200, { validationMessages: [{ fieldPath: 'events', validationCode: 'VALUE_INVALID' }] }),
      'VALUE_INVALID',
    ],
    ['ga4', 'nothing of the kind', { status: 204 }, '204'],
    ['google_ads', 'the account', googleReplies.permissionDenied, 'PERMISSION_DENIED'],
    ['google_ads', 'the token', googleReplies.unauthenticated, 'UNAUTHENTICATED'],
    ['google_ads', 'a conversion action', googleReplies.wrongAction, 'INVALID_CONVERSION_ACTION_ID'],
    ['google_ads', 'the terms', googleReplies.termsNotSigned, 'TERMS_AND_CONDITIONS_NOT_SIGNED'],
    ['floodlight', 'the configuration', googleReplies.permissionDenied, 'PERMISSION_DENIED'],
    ['meta', 'the token', errorReply(400, 190), '190'],
    ['meta', 'a permission', errorReply(403, 200), '200'],
    ['meta', 'the pixel', errorReply(400, 100, { subcode: 33 }), '33'],
    ['microsoft_ads', 'the token', microsoftReplies.unauthorized, '401'],
    ['microsoft_ads', 'the tag', microsoftReplies.unknownTag, '404'],
    ['pinterest', 'the token', pinterestReplies.unauthorized, '401'],
    ['pinterest', 'a role in the account', pinterestReplies.forbidden, '403'],
    ['pinterest', 'the account', pinterestReplies.noAccount, '404'],
    ['reddit', 'the token', redditReplies.unauthorized, '401'],
    ['reddit', 'the pixel', redditReplies.noPixel, '404'],
    ['microsoft_ads', 'nothing: it is down', { status: 503, body: '<html>kari@example.no' }, '503'],
    ['snapchat', 'the token', snapchatReplies.unauthorized, '401'],
    ['snapchat', 'the pixel', snapchatReplies.forbidden, '403'],
    ['tiktok', 'the token', tiktokReplies.badToken, '40105'],
    ['tiktok', 'a permission', tiktokReplies.permission, '40001'],
  ])('%s: %s', async (vendor, _, reply, word) => {
    recorder.script(HOSTS[vendor], () => reply);
    const { code, of } = await results();
    expect(code).toBe(1);
    expect(of[vendor]).toMatchObject({ result: 'failed' });
    expect(of[vendor].message).toContain(word);
    expect(of[vendor].message).not.toMatch(/kari|example\.no|400 00 000/);
    // The others are asked all the same.
    const others = Object.entries(of).filter(
      ([name]) => HOSTS[name as Vendor] !== HOSTS[vendor] && !UNASKED.includes(name),
    );
    expect(others.map(([, { result }]) => result)).toEqual(others.map(() => 'ok'));
  });

  it.each(['google_ads', 'meta', 'microsoft_ads', 'pinterest', 'reddit', 'snapchat', 'tiktok'] as const)(
    'nothing: %s was not reached, a proxy in between refuses',
    async (vendor) => {
      // The same status as the vendor's own answer to a request without events.
      recorder.script(HOSTS[vendor], () => ({ status: 400, body: '<html>400 Bad Request, kari@example.no</html>' }));
      const { code, of } = await results();
      expect([code, of[vendor].result]).toEqual([1, 'failed']);
      expect(of[vendor].message).toContain('400');
      expect(of[vendor].message).not.toContain('kari');
    },
  );

  it('only to the made-up event: then all around it is right', async () => {
    const about = googleError(400, 'INVALID_ARGUMENT', [
      { field: 'events[0].event_timestamp', reason: 'EVENT_TIME_INVALID' },
    ]);
    recorder.script(HOSTS.google_ads, () => about);
    const { code, of } = await results();
    expect([code, of.google_ads.result]).toEqual([0, 'ok']);
  });

  it('to a token that has just run out: a fresh one is made', async () => {
    let asked = 0;
    recorder.script(HOSTS.google_ads, () => (asked++ === 0 ? googleReplies.unauthenticated : googleReplies.accepted));
    const { of } = await results();
    expect(of.google_ads.result).toBe('ok');
    expect(recorder.to('oauth2.googleapis.com')).toHaveLength(2);
  });
});

describe('no answer', () => {
  it('of anybody', async () => {
    const { url } = recorder;
    await recorder.close();
    const { code, out } = await check(CONFIG, '--sink', url);
    expect(code).toBe(1);
    expect(out.split('\n').filter((line) => line.startsWith('FAIL') && line.includes('ECONNREFUSED'))).toHaveLength(
      ASKED.length,
    );
    recorder = await startRecorder(VENDORS);
  });

  it('of the token endpoint', async () => {
    recorder.script('oauth2.googleapis.com', () =>
      json(400, { error: 'invalid_grant', error_description: 'kari@example.no' }),
    );
    const { code, of } = await results();
    expect([code, of.google_ads.result]).toEqual([1, 'failed']);
    expect(of.google_ads.message).not.toContain('kari');
    expect(recorder.to(HOSTS.google_ads)).toEqual([]);
  });
});

describe('cannot be used', () => {
  it('missing secrets: names them, asks nobody', async () => {
    for (const name of ['GA4_API_SECRET', 'GOOGLE_ADS_CREDENTIALS', 'META_ACCESS_TOKEN']) vi.stubEnv(name, '');
    const { code, err } = await check(CONFIG);
    expect(code).toBe(2);
    expect(err).toContain('${META_ACCESS_TOKEN}');
    expect(recorder.requests).toEqual([]);
  });

  it('a configuration with errors', async () => {
    const file = join(temporary(), 'gateway.yaml');
    writeFileSync(file, readFileSync(CONFIG, 'utf8').replace('pixel_id', 'pixelid'));
    const { code, err } = await check(file, '--sink', recorder.url);
    expect(code).toBe(2);
    expect(err).toContain('pixel_id');
    expect(recorder.requests).toEqual([]);
  });

  it('a sink that is not this machine', async () => {
    expect((await check(CONFIG, '--sink', 'http://198.51.100.7:9999')).code).toBe(2);
  });
});
