import { describe, expect, it } from 'vitest';
import linkedin from '../../../destinations/linkedin/index.ts';
import type { Event } from '../../../src/core/fields.ts';
import { sha256Hex } from '../../../src/core/hash.ts';
import peers from '../../fixtures/linkedin-peers.json' with { type: 'json' };
import { planOne, requestOne } from '../../support/plan-one.ts';

/*
 * Cross-checks against what other projects' tests record (licences in the fixture). They are not the reference - the
 * sheet is - so every difference is named where it is made.
 */

const GRANTED = ['ad_storage', 'ad_user_data', 'ad_personalization'] as const;

function ours(event: Event, rule: string): Record<string, unknown> {
  const settings = { conversions: { generate_lead: rule }, access_token: '${LINKEDIN_ACCESS_TOKEN}' };
  const plan = planOne(linkedin, { settings, granted: GRANTED, event: { event_name: 'generate_lead', ...event } });
  if ('skip' in plan) throw new Error(plan.skip.code);
  return JSON.parse(plan.element) as Record<string, unknown>;
}

describe('Segment', () => {
  const { segment } = peers;
  const at = 1768478400000;

  it('sends money and names: ours as hashes, its in clear text', () => {
    const theirs = segment.allFields.sent;
    const event = ours(
      {
        event_time: at,
        value: 100,
        currency: 'USD',
        email: 'testing@testing.com',
        first_name: 'mike',
        last_name: 'smith',
        user_country: 'US',
      },
      '789123',
    );
    const { userIds, userInfo } = theirs.user;
    expect(userInfo).toMatchObject({ firstName: 'mike', lastName: 'smith' });
    expect(event).toEqual({
      ...theirs,
      // Two places at least (10); the same number.
      conversionValue: { currencyCode: 'USD', amount: '100.00' },
      // Hashed since 202609 (3); job and company are nothing this gateway has.
      user: {
        userIds,
        userInfo: { hashedFirstName: sha256Hex('mike'), hashedLastName: sha256Hex('smith'), countryCode: 'US' },
      },
    });
  });

  it('sends one external id: ours as a hash', () => {
    expect(segment.externalId.sent.user.externalIds).toEqual(['external_id_12345']);
    expect(ours({ event_time: at, user_id: 'external_id_12345' }, '789123')).toMatchObject({
      user: { userIds: [], externalIds: [sha256Hex('external_id_12345')] },
    });
  });

  it('lower-cases an address and knows a hash', () => {
    expect(ours({ event_time: at, email: 'WHYAREYOUYELLING@EMAIL.com' }, '789123')).toEqual(segment.upperCase.sent);
    expect(ours({ event_time: at, email: segment.preHashed.event.context.traits.preHashedEmail }, '789123')).toEqual(
      segment.preHashed.sent,
    );
  });
});

describe('walkerOS', () => {
  const { walkeros } = peers;

  it.each([
    ['lead', walkeros.lead, { email: walkeros.lead.in.user.email }],
    ['purchase', walkeros.purchase, { email: walkeros.purchase.in.user.email, value: 249.99, currency: 'EUR' }],
    [
      'purchaseWithLiFatId',
      walkeros.purchaseWithLiFatId,
      { email: walkeros.purchaseWithLiFatId.in.user.email, value: 89.99, currency: 'USD', li_fat_id: 'abc123-fat-id' },
    ],
  ] as const)('%s is the same', (_name, step, event) => {
    expect(ours({ event_id: step.in.id, event_time: step.in.timestamp, ...event }, '12345678')).toEqual(
      step.sent.elements[0],
    );
  });

  it('has the same address and headers, but for the version', () => {
    const request = requestOne(linkedin, {
      settings: {
        conversions: { generate_lead: '1' },
        access_token: '${LINKEDIN_ACCESS_TOKEN}',
        api_version: '202604',
      },
      granted: GRANTED,
      event: { event_name: 'generate_lead', email: 'user@example.com' },
    });
    expect('url' in request && request.url).toBe(walkeros.lead.url);
    const theirs = Object.entries(walkeros.lead.headers).map(([name, value]) => [name.toLowerCase(), value]);
    const headers = 'url' in request ? { ...request.headers, authorization: 'Bearer s3cr3t' } : {};
    expect(headers).toEqual(Object.fromEntries(theirs));
  });
});
