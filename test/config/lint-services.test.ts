import { describe, expect, it } from 'vitest';
import { errors, findings, load, yaml } from './support.ts';

// `consent.services`: whose the services of a banner are.

const ROUTES = `{ ga4: { measurement_id: G-TEST000001, api_secret: "\${S}", region: eu }, meta: { pixel_id: "123456789012345", access_token: "\${T}" } }`;
const site = (consent: string): string => yaml({ destinations: ROUTES, consent });
const MAPPED = 'mapping: { real-cookie-banner: { purposes: { "61": [statistics], "62": [marketing] } } }';

describe('consent.services', () => {
  it('is kept as written', () => {
    const { config } = load(site('{ cmp: [cookiebot], services: { V1: [ga4, meta], "9": [] } }'));
    expect(config.sites[0]?.consent.services).toEqual({ V1: ['ga4', 'meta'], '9': [] });
  });

  it('refuses a route that does not exist, at its place, and says which one may be meant', () => {
    const text = site('{ cmp: [cookiebot], services: { V1: [ga4, mta] } }');
    const line = text.split('\n').findIndex((each) => each.includes('V1'));
    const [first, ...others] = errors(text);
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      code: 'contradiction',
      line: line + 1,
      column: (text.split('\n')[line] ?? '').indexOf('mta') + 1,
      instead: 'meta',
    });
    expect(first?.message).toContain('`mta` is not a route of this site; there are: ga4, meta');
  });

  it('refuses a route outside a list', () => {
    expect(errors(site('{ cmp: [cookiebot], services: { V1: ga4 } }')).map(({ code }) => code)).toEqual(['type']);
  });

  it('names the routes that a banner with numbered services would never open', () => {
    const said = (consent: string): string[] =>
      findings(site(consent))
        .filter(({ message }) => message.includes('by number'))
        .map(({ kind, message }) => `${kind} ${message.slice(message.lastIndexOf(':') + 2)}`);
    expect(said(`{ cmp: [real-cookie-banner], ${MAPPED} }`)).toEqual(['warning ga4, meta']);
    expect(said(`{ cmp: [real-cookie-banner], ${MAPPED}, services: { "6": [ga4] } }`)).toEqual(['warning meta']);
    expect(said(`{ cmp: [real-cookie-banner], ${MAPPED}, services: { "6": [ga4, meta] } }`)).toEqual([]);
    const purposes = 'mapping: { consentmanager: { purposes: { "53": [statistics] } } }';
    expect(said(`{ cmp: [consentmanager], ${purposes} }`)).toEqual(['warning meta']);
    expect(said('{ cmp: [cookiebot] }')).toEqual([]);
  });
});
