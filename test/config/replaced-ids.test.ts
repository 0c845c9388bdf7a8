import { describe, expect, it } from 'vitest';
import { compileGateway } from '../../src/config/compile/index.ts';
import { configPage } from '../../src/config/pages/docs.ts';
import { explain } from '../../src/config/cases/explanation.ts';
import { hitOf } from '../../src/config/cases/request.ts';
import { NO_SECRETS } from '../../src/config/compile/secrets.ts';
import { trialWindows } from '../../src/config/cases/trial-windows.ts';
import { decideRequest } from '../../src/decide/request.ts';
import { errors, findings, load, NOW, yaml } from './support.ts';

// `privacy.replaced_ids`: the settings that contradict it (R1, R4-R8), and its text on the generated page.

const site = (privacy: string, more: Readonly<Record<string, string>> = {}) =>
  yaml({ privacy: `{ referrer: none, replaced_ids: {}, ${privacy} }`, ...more });

describe('beside ids that are replaced', () => {
  it('the rest of the list stands as it is by default', () => {
    expect(errors(site('ip: none'))).toEqual([]);
    expect(errors(site('user_agent: drop'))).toEqual([]);
    expect(errors(site('').replace('referrer: none', 'referrer: own'))).toEqual([]);
  });

  it.each([
    ['a cut address', site('ip: truncate'), 'none'],
    ['a whole User-Agent', site('user_agent: full'), 'family'],
    ['a query', site('url_query: [utm_source]'), '[]'],
    ['referrers of other sites', yaml({ privacy: '{ replaced_ids: {} }' }), 'none'],
    ['paths of other sites', site('').replace('referrer: none', 'referrer: path'), 'none'],
    ["the gateway's own id", site('', { cookies: '{ own_id: true }' }), 'false'],
    ['a window of two days', site('').replace('replaced_ids: {}', 'replaced_ids: { window: 2d }'), '24h'],
    ['a window of minutes', site('').replace('replaced_ids: {}', 'replaced_ids: { window: 30m }'), '24h'],
    ['a window that cuts days apart', site('').replace('replaced_ids: {}', 'replaced_ids: { window: 7h }'), '24h'],
  ])('%s refuses to start, and says what to write instead', (_, text, instead) => {
    expect(errors(text)).toMatchObject([{ code: 'contradiction', instead }]);
  });

  it.each(['1h', '3h', '12h', '24h', '1d'])('a window of %s is one', (window) => {
    expect(errors(site('').replace('replaced_ids: {}', `replaced_ids: { window: ${window} }`))).toEqual([]);
  });

  it('a vendor that lives on recognising people is probably a mistake', () => {
    const meta = '{ meta: { pixel_id: "123456789012345", access_token: "${T}" } }';
    const found = findings(site('', { destinations: meta })).filter(({ kind }) => kind !== 'note');
    expect(found).toMatchObject([
      { kind: 'warning', code: 'suspicious', message: expect.stringContaining('cannot match events to persons') },
    ]);
  });
});

describe('explain', () => {
  const explained = (destination: string) => {
    const { config } = load(
      yaml({
        consent: '{ cmp: [bridge] }',
        privacy: '{ referrer: none, replaced_ids: {} }',
        destinations: `{ ga4: { measurement_id: G-TEST000001${destination} } }`,
      }),
    );
    const gateway = compileGateway(config, NO_SECRETS);
    const seconds = Math.floor(NOW / 1000) - 60;
    const query = `v=2&tid=G-TEST000001&cid=1234567890.${seconds}&en=scroll&ep.a=1&ep.b=2&ep.transaction_id=T-1`;
    const headers: [string, string][] = [
      ['origin', 'https://shop.example.no'],
      ['cookie', `pv_consent=1.p0s1m0.${seconds}`],
    ];
    const url = `https://metrics.example.no/g/collect?${query}`;
    const hit = hitOf({ method: 'GET', url, headers, body: '' }, NOW, 'a'.repeat(32));
    const done = decideRequest(hit, gateway, trialWindows(gateway, hit));
    if (!('trace' in done)) throw new Error(done.problem.detail);
    const [route] = explain(done.trace).events[0]?.routes ?? [];
    return { reduced: route?.reduced.map(({ field }) => field), dropped: route?.dropped };
  };

  it('says that the client id is not the one that came, and why parameters and orders stay behind', () => {
    const { reduced, dropped } = explained('');
    expect(reduced).toContain('client_id');
    expect(dropped).toContainEqual({ field: 'params', why: 'the route does not list them' });
    expect(dropped?.map(({ field }) => field)).toContain('transaction_id');
    expect(explained(', params: [a]').reduced).toContain('params');
    expect(explained(', params: [a, b]').reduced).not.toContain('params');
  });
});

describe('the page for the privacy officer', () => {
  const page = (text: string) => {
    const { config } = load(text);
    return configPage(config, compileGateway(config, NO_SECRETS));
  };

  it('says how long an id holds, that several visitors share it, and what is never passed on', () => {
    const text = page(site(''));
    expect(text).toContain('a number of 23 bits, which several visitors share. It is used for 1 day at most');
    expect(text).toContain('No custom parameters.');
    expect(text).toContain('fewer than 50 visitors');
  });

  it('lists no field that such an event cannot have', () => {
    const text = page(site('ip: none'));
    const fields = /\| everything \| the event \| ([^|]*)\|/.exec(text)?.[1] ?? '';
    expect(fields).toContain('client_id');
    for (const name of ['transaction_id', 'coupon', 'user_id', 'email', 'user_properties', 'screen_resolution']) {
      expect(fields).not.toContain(name);
    }
    // Negative control: without it they are listed.
    expect(page(yaml({}))).toContain('transaction_id');
  });
});
