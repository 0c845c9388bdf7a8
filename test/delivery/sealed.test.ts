import { describe, expect, it } from 'vitest';
import { decideRequest as decide } from '../../src/decide/request.ts';
import { attempt } from '../support/egress.ts';
import type { FilledRequest } from '../../src/delivery/lane/ports.ts';
import { rowOf } from '../../src/delivery/lane/row.ts';
import { narrowBody, readBody } from '../../src/delivery/event-body.ts';
import type { OutboxRecord } from '../../src/delivery/outbox.ts';
import { recordsOf } from '../../src/delivery/records.ts';
import { previewRecord } from '../../src/http/preview.ts';
import type { Route } from '../../src/policy/gateway.ts';
import { aesSealing } from '../../src/runtimes/node/process/sealing.ts';
import { cookiebot, gatewayOf, jsonHit } from '../support/hits.ts';

// User data that a receiver gets in the clear: in a record it is sealed, and it is opened for the request alone
// (docs/decisions/sealed-user-data.md).

const route = (name: string, more: string) => `
      ${name}:
        type: http
        host: ${name}.example.com
        path: /in
        recipient: { name: Example AS, country: NO, purpose: sales }
        events: [generate_lead]
        body: json
        ${more}`;
const GATEWAY = gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:${route(
      'crm',
      `needs: [ad_storage, ad_user_data]
        user_data: { email: plain, first_name: plain }
        map: { mail: user.email, name: user.first_name, id: event.id }`,
    )}${route(
      'mail',
      `needs: [ad_storage, ad_user_data]
        user_data: { email: plain }
        map: { to: user.email | lower }`,
    )}${route(
      'hash',
      `needs: [ad_storage, ad_user_data]
        fields: [email]
        map: { hash: user.email_sha256 }`,
    )}${route(
      'rows',
      `needs: [analytics_storage]
        user_data: { email: plain }
        map: { mail: user.email, id: event.id }`,
    )}
`);
/** SHA-256 of kari@example.no. */
const HASH = '6b3cf4ce611b5356d9ddd40ad789181b4d214c795498911751e048da74912bdb';

function traceOf(said: Parameters<typeof cookiebot>[0]) {
  const event = { name: 'generate_lead', id: 'lead-1', user: { email: 'Kari@Example.no', first_name: 'Kari-Anne' } };
  const done = decide(jsonHit({ events: [event] }, { cookies: cookiebot(said) }), GATEWAY);
  if (!('trace' in done)) throw new Error('refused');
  return done.trace;
}

function stored(said: Parameters<typeof cookiebot>[0]): OutboxRecord {
  const [record] = recordsOf(traceOf(said), GATEWAY.policy).records;
  if (record === undefined) throw new Error('nothing is stored');
  return record;
}

const FAULT = { code: 'failed.sealed', params: {} };
const ALL = { statistics: true, marketing: true };

function rowFor(name: string, record = stored(ALL), over: Partial<Route> = {}) {
  const key = `shop.example.no/${name}`;
  const own = record.routes.find((one) => one.route === key);
  const known = GATEWAY.routeOf.get(key);
  if (own === undefined || known === undefined) throw new Error(`nothing for ${name}`);
  const { acceptedAt, consentDay, policy, body } = record;
  const queued = { ...own, id: 1, acceptedAt, consentDay, policy, size: body.length, body: () => readBody(body) };
  const used = { ...known, ...over };
  return { route: used, row: rowOf(queued, used) };
}

async function sentBy({ route: to, row }: ReturnType<typeof rowFor>, may?: () => boolean) {
  const sent: FilledRequest[] = [];
  const send = (request: FilledRequest) => {
    sent.push(request);
    return Promise.resolve({ status: 200, at: 0, headers: {}, body: '' });
  };
  const secrets = { value: () => Promise.reject(new Error('none')), forget: () => {} };
  const ended = await attempt(to, row.envelope, [row], { send, secrets, now: Date.now }, may);
  return { ended, bodies: sent.map(({ body }) => body) };
}

describe('user data in the clear', () => {
  it('is in no record, in no form that waits, and in no preview', () => {
    const trace = traceOf(ALL);
    const { row } = rowFor('crm');
    const waits = [row.envelope, row.element, row.record.body()];
    const shown = trace.events.map((event) => previewRecord(trace, event));
    for (const text of [stored(ALL), waits, shown].map((one) => JSON.stringify(one)))
      for (const clear of ['kari@', 'Kari']) {
        for (const form of [
          clear,
          Buffer.from(clear).toString('base64').slice(0, -2),
          Buffer.from(clear).toString('hex'),
        ])
          expect(text.toLowerCase()).not.toContain(form.toLowerCase());
      }
    expect(JSON.stringify(shown)).toContain('(sealed)');
  });

  it('is found by the preview under the mark that the delivery tells its end by', () => {
    const trace = traceOf(ALL);
    const [event] = trace.events;
    if (event === undefined) throw new Error('no event');
    const shown = previewRecord(trace, event).routes.find((one) => one.route === 'crm');
    expect(shown?.sent).toBe(rowFor('crm').row.element);
  });

  it('is what the event itself makes, when it is sent: each receiver what it named', async () => {
    expect((await sentBy(rowFor('crm'))).bodies).toEqual([
      '{"mail":"kari@example.no","name":"Kari-Anne","id":"lead-1"}',
    ]);
    expect((await sentBy(rowFor('mail'))).bodies).toEqual(['{"to":"kari@example.no"}']);
    expect((await sentBy(rowFor('hash'))).bodies).toEqual([`{"hash":"${HASH}"}`]);
  });

  it('takes the consent to user data, whatever the route needs', async () => {
    expect((await sentBy(rowFor('rows'))).bodies).toEqual(['{"mail":"kari@example.no","id":"lead-1"}']);
    const record = stored({ statistics: true });
    expect(record.routes.map((one) => one.route)).toEqual(['shop.example.no/rows']);
    expect((await sentBy(rowFor('rows', record))).bodies).toEqual(['{"id":"lead-1"}']);
    expect(readBody(record.body)).not.toHaveProperty('fields.plain_email');
  });

  it('goes with the last route that may have it', () => {
    const { body, routes } = stored(ALL);
    const fieldsFor = (...names: readonly string[]) => {
      const left = routes.filter((one) => names.includes(one.route.split('/')[1] ?? ''));
      const read = readBody(narrowBody(body, left));
      return 'element' in read ? [] : Object.keys(read.fields).filter((field) => field.startsWith('plain_'));
    };
    expect(fieldsFor('crm', 'hash')).toEqual(['plain_email', 'plain_first_name']);
    expect(fieldsFor('mail', 'rows')).toEqual(['plain_email']);
    expect(fieldsFor('hash')).toEqual([]);
  });

  it('is not opened when the visitor has withdrawn before the request', async () => {
    let opened = 0;
    const { route: to, row } = rowFor('crm');
    const counted = { ...row, opened: () => String(++opened) };
    expect(await sentBy({ route: to, row: counted }, () => false)).toEqual({ ended: { recalled: true }, bodies: [] });
    expect(opened).toBe(0);
  });

  it('that cannot be opened is a fault of this event, and nothing of it is sent', async () => {
    const another = aesSealing(new Uint8Array(32).fill(9));
    for (const sealer of [another, undefined]) {
      expect(await sentBy(rowFor('crm', stored(ALL), { sealer }))).toEqual({
        ended: { fault: FAULT },
        bodies: [],
      });
    }
  });

  it('of another event does not stand in its place', async () => {
    const record = stored(ALL);
    const read = JSON.parse(record.body) as unknown[];
    read[1] = 'f'.repeat(32);
    const { ended } = await sentBy(rowFor('crm', { ...record, body: JSON.stringify(read) }));
    expect(ended).toEqual({ fault: FAULT });
  });
});
