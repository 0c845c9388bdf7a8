import { describe, expect, it } from 'vitest';
import { destinations } from '../../destinations/index.ts';
import { takesOf } from '../../src/config/pages/takes.ts';
import { compileGateway } from '../../src/config/compile/index.ts';
import { configPage } from '../../src/config/pages/docs.ts';
import { NO_SECRETS } from '../../src/config/compile/secrets.ts';
import { findings, load, yaml } from './support.ts';

// Which events a vendor is never sent follows from its folder and the settings. Pages and linter use the same
// declarations.

const LINKEDIN = (more: string) => yaml({ destinations: `{ linkedin: { access_token: "\${L}", ${more} } }` });
const META = (more: string) =>
  yaml({ destinations: `{ meta: { pixel_id: "123456789012345", access_token: "\${T}"${more} } }` });
const ADS = (more: string) =>
  yaml({
    destinations: `{ google_ads: { customer_id: "1234567890", conversions: { purchase: "7001" }, credentials: "\${C}"${more} } }`,
  });

describe('the linter', () => {
  it.each([
    ['no rule at LinkedIn', LINKEDIN('conversions: {}'), 'no event has a name at LinkedIn'],
    ['an event that Meta has no name for', META(', events: [purchase, login]'), '`login` is never sent to Meta'],
    [
      'an event that is switched off',
      META(', events: [purchase, search], event_names: { search: null }'),
      '`search` is never sent to Meta',
    ],
    [
      'an event without a conversion action',
      ADS(', events: [purchase, sign_up]'),
      '`sign_up` is never sent to Google Ads',
    ],
  ])('%s', (_, text, message) => {
    const found = findings(text).filter(
      (one) => one.message.includes('is never sent') || one.message.includes('no event has'),
    );
    expect(found.map((one) => [one.kind, one.code, one.message.includes(message)])).toEqual([
      ['warning', 'suspicious', true],
    ]);
  });

  it.each([
    ['a name of the settings', META(', events: [ny_kunde], event_names: { ny_kunde: Contact }')],
    [
      'any name, where all events go',
      yaml({ destinations: '{ microsoft_ads: { tag_id: "1", access_token: "${M}", events: [ny_kunde] } }' }),
    ],
    [
      'a name of the form without consent',
      ADS(', events: [purchase, sign_up], conversion_id: AW-1, labels: { sign_up: a }, without_consent: limited'),
    ],
  ])('%s is none', (_, text) => {
    expect(findings(text).filter(({ message }) => message.includes('is never sent'))).toEqual([]);
  });

  it('ids that are replaced leave GA4 a client id, and Microsoft nothing', () => {
    const text = yaml({
      privacy: '{ referrer: none, replaced_ids: {} }',
      destinations: '{ ga4: { measurement_id: G-TEST000001 }, microsoft_ads: { tag_id: "1", access_token: "${M}" } }',
    });
    const found = findings(text).filter(({ message }) => message.includes('cannot match events to persons'));
    expect(found.map(({ message }) => message.split(' cannot')[0])).toEqual(['Microsoft Advertising']);
  });
});

describe('pages', () => {
  it('say it of a destination', () => {
    const of = (type: string, settings: object) => {
      const destination = destinations[type];
      const bound = destination?.bind(destination.settings.parse(settings));
      return takesOf(bound?.full, bound?.limited);
    };
    expect(of('microsoft_ads', { tag_id: '1', access_token: '${M}', event_names: { purchase: 'kjop' } })).toEqual([
      '- Every event, under its own name, but `purchase` as `kjop`.',
      '- Whose it is: at least one of `msclkid`, `email`, `phone`, `phone_sha256`.',
      '- Nothing without `event_name`.',
      '- No `page_view` without `page_location`.',
      '- Without consent: every event, under its own name, but `purchase` as `kjop`.',
      '- Without consent: nothing without `event_name`.',
    ]);
    expect(of('linkedin', { conversions: {}, access_token: '${L}', user_data: ['first_name', 'last_name'] })).toEqual([
      '- No event: none has a name here.',
      '- Whose it is: at least one of `li_fat_id`, `first_name` + `last_name`.',
    ]);
    const off = { pixel_id: '123456789012345', access_token: '${T}', event_names: { search: null, a: 'Kjøp' } };
    const [only, switchedOff, , purchase] = of('meta', off);
    expect(only).toContain('`a` as `Kjøp`');
    expect(only).not.toContain('`search`');
    expect(switchedOff).toBe('- Switched off: `search`.');
    expect(purchase).toBe('- Nothing that becomes `Purchase` without `value`, `currency`.');
  });

  it('say it of each route of a configuration, without consent only where that form was chosen', () => {
    const page = (more: string) => {
      const { config } = load(ADS(`, conversion_id: AW-1, labels: { sign_up: a }${more}`));
      return configPage(config, compileGateway(config, NO_SECRETS));
    };
    expect(page('')).toContain('- Only `purchase` as `7001`.');
    expect(page('')).not.toContain('- Without consent');
    expect(page(', without_consent: limited')).toContain('- Without consent: only `sign_up` as `a`.');
  });
});
