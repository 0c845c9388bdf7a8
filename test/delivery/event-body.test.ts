import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { vendorOf } from '../../src/core/recipient.ts';
import { decideRequest as decide } from '../../src/decide/request.ts';
import type { Trace } from '../../src/decide/trace.ts';
import { narrowBody, readBody, viewOf, type EventBody } from '../../src/delivery/event-body.ts';
import { rowOf, type QueuedRow } from '../../src/delivery/lane/row.ts';
import type { OutboxRecord, RecordRoute } from '../../src/delivery/outbox.ts';
import { recordsOf } from '../../src/delivery/records.ts';
import { fieldsIn } from '../../src/policy/field-set.ts';
import type { Gateway, Route } from '../../src/policy/gateway.ts';
import { generate } from '../canary/generate.ts';
import { profiles } from '../canary/profiles.ts';
import { cookiebot, gatewayOf, jsonHit, webHit } from '../support/hits.ts';

// What is stored of an event (docs/decisions/one-record-an-event.md): enough for each of its vendors, and no more.

const HITS = 4_000;

/** Every trace of the search for leaks, with what is stored of it. */
function* decided(): Generator<{ gateway: Gateway; trace: Trace; records: readonly OutboxRecord[] }> {
  const all = profiles();
  for (let serial = 1; serial <= HITS; serial++) {
    const profile = all[serial % all.length];
    if (profile === undefined) continue;
    const { hit } = generate(profile, serial);
    const done = decide(hit, profile.gateway, profile.windows.at(profile.gateway, hit.at));
    if (!('trace' in done)) continue;
    const { records } = recordsOf(done.trace, profile.gateway.policy);
    yield { gateway: profile.gateway, trace: done.trace, records };
  }
}

const STORED = [...decided()];

/** The vendor's form that is made of a record when it is sent. */
function formed(
  record: Pick<OutboxRecord, 'acceptedAt' | 'consentDay' | 'policy' | 'routes'>,
  body: string,
  own: RecordRoute,
  route: Route | undefined,
): QueuedRow {
  const { acceptedAt, consentDay, policy } = record;
  const alone = record.routes.length === 1;
  const size = body.length;
  return rowOf({ ...own, id: 1, acceptedAt, consentDay, policy, size, alone, body: () => readBody(body) }, route);
}

function eventBody(body: string): EventBody {
  const read = readBody(body);
  if ('element' in read) throw new Error('a record in the vendor form');
  return read;
}

describe('a record', () => {
  it('makes of an event what the event itself makes, for every vendor, also when others are taken out of it', () => {
    const compared = new Map<string, number>();
    for (const { gateway, trace, records } of STORED) {
      const planned = trace.events.flatMap((event) => event.routes.filter(({ outcome }) => outcome === 'planned'));
      const made = new Map(planned.map((decision) => [decision, decision.plan]));
      const waiting = [...made.keys()];
      for (const record of records) {
        for (const own of record.routes) {
          const at = waiting.findIndex(
            ({ route, permit }) => route.key === own.route && (permit.verdict === 'limited') === own.limited,
          );
          const [decision] = waiting.splice(at, 1);
          const plan = decision === undefined ? undefined : made.get(decision);
          const route = gateway.routeOf.get(own.route);
          const alone = { ...record, routes: [own], body: narrowBody(record.body, [own]) };
          for (const one of [record, alone]) {
            const { envelope, element: waits, formless, opened } = formed(one, one.body, own, route);
            const element = opened === undefined ? waits : opened();
            expect({ route: own.route, envelope, element, formless }).toEqual({
              route: own.route,
              ...plan,
              formless: undefined,
            });
          }
          const name = `${vendorOf(own.type)} ${own.limited === true ? 'limited' : 'full'}`;
          compared.set(name, (compared.get(name) ?? 0) + 1);
        }
      }
      expect(waiting).toEqual([]);
    }
    expect([...compared.keys()].toSorted()).toEqual([
      'floodlight full',
      'ga4 full',
      'ga4 limited',
      'google_ads full',
      'google_ads limited',
      'http full',
      'hubspot full',
      'linkedin full',
      'matomo full',
      'matomo limited',
      'meta full',
      'microsoft_ads full',
      'microsoft_ads limited',
      'pinterest full',
      'piwik_pro full',
      'piwik_pro limited',
      'reddit full',
      'snapchat full',
      'tiktok full',
    ]);
    for (const count of compared.values()) expect(count).toBeGreaterThan(20);
  });

  it('holds no field that none of its routes may have, and keeps none for a route that is taken out', () => {
    let narrowed = 0;
    for (const { records } of STORED) {
      for (const { body, routes } of records.filter(({ routes: [first] }) => first?.limited === false)) {
        expect(eventBody(narrowBody(body, routes))).toEqual(eventBody(body));
        for (const [i] of routes.entries()) {
          const left = routes.filter((_, j) => j !== i);
          if (left.length === 0) continue;
          const { fields, prepared } = eventBody(narrowBody(body, left));
          const open = new Set(left.flatMap((route) => [...fieldsIn(route.fields)]));
          expect([...Object.keys(fields), ...Object.values(prepared).flatMap(Object.keys)]).toSatisfy(
            (names: string[]) => names.every((name) => open.has(name)),
          );
          const types = new Set(left.map(({ type }) => vendorOf(type)));
          expect(Object.keys(prepared).filter((type) => !types.has(type))).toEqual([]);
          narrowed++;
        }
      }
    }
    expect(narrowed).toBeGreaterThan(200);
  });

  it('has user data as the hash that its vendor gets, never in the clear', () => {
    const gateway = gatewayOf(CONFIG);
    const user = { email: 'Kari@Example.no', last_name: 'Testesen' };
    const event = { name: 'purchase', params: { transaction_id: 'T-1', value: 599, currency: 'NOK' }, user };
    const hit = jsonHit({ events: [event] }, { cookies: cookiebot({ statistics: true, marketing: true }) });
    const done = decide(hit, gateway);
    if (!('trace' in done)) throw new Error('refused');
    const [record] = recordsOf(done.trace, gateway.policy).records;
    const { fields, prepared } = eventBody(record?.body ?? '');
    // destinations/google-ads.md: SHA-256 of the trimmed, lower-case address.
    const hashed = createHash('sha256').update('kari@example.no').digest('hex');
    expect(prepared['google_ads']).toMatchObject({ email: hashed });
    expect(fields).not.toHaveProperty('email');
    expect(JSON.stringify(record).toLowerCase()).not.toMatch(/kari@|testesen/);
  });
});

describe('a value that its vendor gets as a hash by now', () => {
  it('is not sent as it was stored raw, also where the record is for this route alone', () => {
    const [found] = STORED.flatMap(({ gateway, records }) =>
      records.flatMap(({ routes, body }) => {
        const [own] = routes;
        const route = gateway.routeOf.get(own?.route ?? '');
        if (own === undefined || route === undefined || routes.length > 1 || own.limited === true) return [];
        const read = eventBody(body);
        return viewOf(read, route, own, true) === read.fields && 'page_title' in read.fields
          ? [{ own, route, read }]
          : [];
      }),
    );
    if (found === undefined) throw new Error('no record is read without a copy');
    const { own, route, read: body } = found;
    const hashed = route.permits.map((permit) => ({
      ...permit,
      open: permit.open.map((one) => (one.field === 'page_title' ? { ...one, as: () => 'hash' } : one)),
      prepared: [...permit.prepared, 'page_title' as const],
    }));
    const view = viewOf(body, { ...route, permits: hashed }, own, true);
    expect(view).not.toHaveProperty('page_title');
    expect(view).toMatchObject({ event_name: body.fields['event_name'] });
  });
});

describe('a form that identifies nobody', () => {
  it('is a record of its own, with the vendor form in it and nothing else of the hit', () => {
    const all = purchase({});
    expect(all.map(({ own }) => [own.route, own.limited])).toEqual([
      ['shop.example.no/ga4', true],
      ['shop.example.no/google_ads', true],
    ]);
    for (const { record, hitId } of all) {
      expect(record.routes).toHaveLength(1);
      expect(record.subjects).toEqual([]);
      expect(Object.keys(JSON.parse(record.body) as object)).toEqual(['envelope', 'element']);
      expect(record.body).not.toContain(hitId);
      // Numbers that vendors make of the id of a hit are not those that another record of it could be found by.
      expect(record.body).not.toContain(String(Number.parseInt(hitId.slice(0, 8), 16) & 0x7fffffff));
    }
  });

  it('is apart from the full form of the same event', () => {
    const all = purchase({ statistics: true });
    expect(all.map(({ own, record }) => [own.route, own.limited, record.routes.length])).toEqual([
      ['shop.example.no/ga4', false, 1],
      ['shop.example.no/google_ads', true, 1],
    ]);
  });
});

const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, without_consent: limited }
      google_ads:
        customer_id: "1234567890"
        conversions: { purchase: "1" }
        credentials: "\${SECRET}"
        conversion_id: "123"
        labels: { purchase: a }
        without_consent: limited
`;

function purchase(choice: Parameters<typeof cookiebot>[0]) {
  const gateway = gatewayOf(CONFIG);
  const query = {
    v: '2',
    tid: 'G-TEST000001',
    cid: '482310557.1795400000',
    en: 'purchase',
    cu: 'NOK',
    'epn.value': '599',
    'ep.transaction_id': 'T-1',
  };
  const hit = webHit(query, { cookies: `${cookiebot(choice)}; _gcl_aw=GCL.1795400000.EAIaIQobChMItest` });
  const done = decide(hit, gateway);
  if (!('trace' in done)) throw new Error('refused');
  return recordsOf(done.trace, gateway.policy).records.flatMap((record) =>
    record.routes.map((own) => ({ record, own, hitId: hit.id })),
  );
}
