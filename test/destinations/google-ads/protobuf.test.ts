import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import googleAds from '../../../destinations/google-ads/index.ts';
import type { PlannedRequest } from '../../../src/core/destination.ts';
import { planOne } from '../../support/plan-one.ts';

// Google's own protobuf types for the Data Manager API as the oracle: they drop unknown keys and change values of a
// wrong kind. So a request that passes through them unchanged is right.

interface MessageType {
  readonly fromObject: (value: unknown) => object;
  readonly toObject: (message: object, options: { enums: unknown; longs: unknown }) => Record<string, unknown>;
}

const { protos } = createRequire(import.meta.url)('@google-ads/datamanager') as {
  protos: { google: { ads: { datamanager: { v1: { IngestEventsRequest: MessageType } } } } };
};
const { IngestEventsRequest } = protos.google.ads.datamanager.v1;

type Json = Record<string, unknown> & { events: Record<string, unknown>[] };

/** JSON writes a timestamp as RFC 3339, the types hold seconds. */
function withSeconds(body: Json): Json {
  return {
    ...body,
    events: body.events.map((event) => {
      const ms = Date.parse(String(event['eventTimestamp']));
      return { ...event, eventTimestamp: { seconds: String(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 } };
    }),
  };
}

/** Through Google's types and back; `nanos` of whole seconds are not written. */
function throughTypes(body: Json): unknown {
  const back = IngestEventsRequest.toObject(IngestEventsRequest.fromObject(withSeconds(body)), {
    enums: String,
    longs: String,
  });
  return JSON.parse(JSON.stringify(back));
}

const SETTINGS = {
  customer_id: '1234567890',
  conversions: { purchase: '700123456' },
  credentials: '${GOOGLE_ADS_CREDENTIALS}',
};

function bodyOf(request: PlannedRequest): Json {
  return JSON.parse(request.body ?? '{}') as Json;
}

describe('events:ingest through the types of @google-ads/datamanager', () => {
  const conversions = googleAds.examples.filter(
    ({ expect: request }) => 'body' in request && (request.body ?? '').includes('"events"'),
  );

  it('has examples to go through', () => {
    expect(conversions.length).toBeGreaterThan(1);
  });

  it.each(conversions.map((example) => [example.title, example] as const))('%s', (_, { expect: request }) => {
    const body = bodyOf(request as PlannedRequest);
    const sent = withSeconds(body);
    // Numbers that are zero are not on the wire at all in either form.
    expect(throughTypes(body)).toEqual(JSON.parse(JSON.stringify(sent)));
  });

  it('notices a key that is misspelt', () => {
    const [example] = conversions;
    const body = bodyOf(example?.expect as PlannedRequest);
    const wrong = { ...body, events: body.events.map((event) => ({ ...event, transactionID: 'T-1' })) };
    expect(throughTypes(wrong)).not.toEqual(JSON.parse(JSON.stringify(withSeconds(wrong))));
  });

  it('notices an enum value that does not exist', () => {
    const [example] = conversions;
    const body = bodyOf(example?.expect as PlannedRequest);
    const wrong = { ...body, events: body.events.map((event) => ({ ...event, eventSource: 'WEBSITE' })) };
    expect(throughTypes(wrong)).not.toEqual(JSON.parse(JSON.stringify(withSeconds(wrong))));
  });

  it('holds for a purchase with user data and both consents', () => {
    const plan = planOne(googleAds, {
      settings: SETTINGS,
      granted: ['ad_storage', 'ad_user_data'],
      event: {
        event_name: 'purchase',
        event_id: 'ord-1',
        event_time: Date.parse('2026-11-20T10:15:00Z'),
        transaction_id: 'ORD-1',
        currency: 'NOK',
        value: 599,
        gclid: 'Cj0KExample_aBc',
        email: 'kari@example.no',
      },
    });
    if ('skip' in plan) throw new Error(plan.skip.code);
    const bound = googleAds.bind(googleAds.settings.parse(SETTINGS));
    const body = bodyOf(bound.request(plan.envelope, [plan.element]));
    expect(body.events[0]?.['consent']).toEqual({ adUserData: 'CONSENT_GRANTED', adPersonalization: 'CONSENT_DENIED' });
    expect(throughTypes(body)).toEqual(JSON.parse(JSON.stringify(withSeconds(body))));
  });
});
