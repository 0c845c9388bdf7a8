import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import hubspot from '../../../destinations/hubspot/index.ts';
import type { Verdict } from '../../../src/core/destination.ts';
import type { Event } from '../../../src/core/fields.ts';
import { answered, showReason } from '../../../src/core/reason.ts';
import { egressViolation, type RowFacts } from '../../../src/delivery/egress/index.ts';
import { tableOf } from '../../support/egress.ts';
import type { FakeReply } from '../../support/recorder.ts';
import { AT, requestOne } from '../../support/plan-one.ts';
import { asRecorded, asReply } from '../../vendors/as-recorded.ts';
import { hubspotVendor, replies, violations } from '../../vendors/hubspot.ts';

// Expectations from `destinations/hubspot.md`.

const UTK = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
const SETTINGS = {
  access_token: '${HUBSPOT_TOKEN}',
  email: true,
  custom_events: {
    purchase: {
      name: 'pe1_purchase',
      properties: {
        order: 'transaction_id',
        amount: 'value',
        items: 'item_ids',
        kind: 'params.kind',
        title: 'page_title',
        search: 'search_term',
      },
    },
  },
};
const GRANTED = ['ad_storage', 'ad_user_data'] as const;
const bound = hubspot.bind(hubspot.settings.parse(SETTINGS));
const FULL: RowFacts = { signals: 5, acceptedAt: AT, verdict: 'full' };

function inputOf(event: Event): Record<string, unknown> {
  const request = requestOne(hubspot, { settings: SETTINGS, granted: GRANTED, event });
  if ('skip' in request) throw new Error(request.skip.code);
  return (JSON.parse(request.body ?? '') as { inputs: Record<string, unknown>[] }).inputs[0] ?? {};
}

describe('an occurrence (2, 3)', () => {
  it('has the properties that are mapped, as texts of 50 characters at most', () => {
    const event: Event = {
      event_name: 'purchase',
      hubspotutk: UTK,
      transaction_id: 'A-1',
      value: 599.5,
      items: [{ item_id: 'SKU-1' }, { item_name: 'x' }, { item_id: 'SKU-2' }],
      params: { kind: true, other: 'x' },
      page_title: 'å'.repeat(60),
    };
    expect(inputOf(event)['properties']).toEqual({
      order: 'A-1',
      amount: '599.5',
      items: 'SKU-1;SKU-2',
      kind: 'true',
      title: 'å'.repeat(50),
    });
  });

  it('has no more than 50 however characters are counted, and none of them in half', () => {
    const titled = (page_title: string): unknown =>
      inputOf({ event_name: 'purchase', hubspotutk: UTK, page_title })['properties'];
    expect(titled('𐀀'.repeat(30))).toEqual({ title: '𐀀'.repeat(25) });
    expect(titled(`x${'𐀀'.repeat(30)}`)).toEqual({ title: `x${'𐀀'.repeat(24)}` });
  });

  it('has an address of 200 in the property that HubSpot has for addresses, and of 50 in others', () => {
    const page_location = `https://shop.example.no/${'a'.repeat(300)}`;
    const properties = { hs_page_url: 'page_location', page: 'page_location' };
    const settings = { ...SETTINGS, custom_events: { purchase: { name: 'pe1_purchase', properties } } };
    const event = { event_name: 'purchase', hubspotutk: UTK, page_location };
    const request = requestOne(hubspot, { settings, granted: GRANTED, event });
    if ('skip' in request) throw new Error(request.skip.code);
    expect(JSON.parse(request.body ?? '')).toMatchObject({
      inputs: [{ properties: { hs_page_url: page_location.slice(0, 200), page: page_location.slice(0, 50) } }],
    });
    const { egress } = hubspot.bind(hubspot.settings.parse(settings));
    expect(egressViolation(tableOf(egress), [FULL], request)).toBeUndefined();
    const longer = { ...request, body: request.body?.replace('/aaa', '/aaaa') ?? '' };
    expect(egressViolation(tableOf(egress), [FULL], longer)).toBeDefined();
  });

  it('has the same `uuid` whenever it is sent, and another for another event', () => {
    const one = { event_name: 'purchase', event_id: 'ord-20261120-7', hubspotutk: UTK };
    expect(inputOf(one)['uuid']).toBe('ed8d23a9-6ec1-5a2d-9c99-7ccd68358b15');
    expect(inputOf({ ...one, event_id: 'ord-8' })['uuid']).not.toBe(inputOf(one)['uuid']);
  });

  it('is not made of a cookie that is none of HubSpot’s', () => {
    const event = { event_name: 'purchase', hubspotutk: 'kari@example.no' };
    expect(requestOne(hubspot, { settings: SETTINGS, granted: GRANTED, event })).toHaveProperty('skip');
  });

  it('is one that HubSpot finds nothing wrong with, nor does the check before the socket', () => {
    const texts = fc.option(fc.string({ unit: 'binary', maxLength: 80 }), { nil: undefined });
    const event = fc.record({
      event_name: fc.constant('purchase'),
      event_id: texts,
      hubspotutk: fc.constantFrom(UTK, undefined),
      email: fc.constantFrom('Kari@Example.no', 'kari', undefined),
      transaction_id: texts,
      page_title: texts,
      search_term: texts,
      value: fc.option(fc.double(), { nil: undefined }),
      params: fc.dictionary(fc.constantFrom('kind', 'x'), fc.string()),
    });
    violations.length = 0;
    fc.assert(
      fc.property(event, (one) => {
        const request = requestOne(hubspot, { settings: SETTINGS, granted: GRANTED, event: one as Event });
        if ('skip' in request) return;
        void hubspotVendor.answer(asRecorded(request));
        expect(violations).toEqual([]);
        expect(egressViolation(tableOf(bound.egress), [FULL], request)).toBeUndefined();
      }),
    );
  });
});

describe('answers (6)', () => {
  const word = (status: number, code: string) => answered('vendor.refused', status, code);
  it.each<[string, FakeReply, Verdict]>([
    ['taken', { status: 204 }, { kind: 'delivered' }],
    ['invalid', replies.invalid, { kind: 'bisect', reason: word(400, 'VALIDATION_ERROR') }],
    [
      'unauthorized',
      replies.unauthorized,
      { kind: 'stop', reason: answered('vendor.credentials', 401, 'INVALID_AUTHENTICATION') },
    ],
    ['scopes', replies.scopes, { kind: 'stop', reason: answered('vendor.credentials', 403, 'MISSING_SCOPES') }],
    ['no event', replies.noEvent, { kind: 'stop', reason: answered('vendor.settings', 404, 'OBJECT_NOT_FOUND') }],
    ['burst', replies.burst, { kind: 'retry', reason: answered('vendor.busy', 429, 'RATE_LIMIT'), afterMs: 1000 }],
    [
      'the day',
      replies.daily,
      { kind: 'retry', reason: answered('vendor.busy', 429, 'RATE_LIMIT'), afterMs: 3_600_000 },
    ],
    ['moving', replies.moving, { kind: 'retry', reason: answered('vendor.unavailable', 477), afterMs: 2000 }],
    ['broken', replies.broken, { kind: 'retry', reason: answered('vendor.unavailable', 502) }],
    ['a page', { status: 200, body: '<html>' }, { kind: 'retry', reason: answered('vendor.unreadable', 200) }],
  ])('%s', (_, reply, verdict) => expect(bound.judge(asReply(reply), 3, '')).toEqual(verdict));

  it('nothing of an answer gets into a reason', () => {
    const verdict = bound.judge(asReply(replies.invalid), 1, '');
    expect('reason' in verdict ? showReason(verdict.reason) : '').not.toContain('kari');
    expect(verdict.kind).toBe('rejected');
  });
});
