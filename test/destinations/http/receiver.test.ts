import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../../support/ask.ts';
import { cookiebot } from '../../support/hits.ts';
import { startRecorder, type Recorded, type Recorder } from '../../support/recorder.ts';
import { serve, type Served } from '../../support/serve.ts';

/** The standard's own library for receivers. */
const { Webhook } = createRequire(import.meta.url)('standardwebhooks') as {
  readonly Webhook: new (
    secret: string,
  ) => {
    readonly verify: (body: string, headers: Readonly<Record<string, string | undefined>>) => unknown;
  };
};

/** The key of the sheet, and of the key before it (`destinations/http.md` 2): bytes 1 to 32, and 33 to 64. */
const [KEY, OLD] = [1, 33].map((first) => Buffer.from(Array.from({ length: 32 }, (_, i) => first + i)));
const INGEST = 'k'.repeat(40);

const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    ingest_keys: ["\${INGEST_KEY}"]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      crm:
        type: http
        host: crm.example.com
        path: /in/\${CRM_HOOK}?source=web
        needs: [ad_storage, ad_user_data, ad_personalization]
        recipient: { name: Example AS, country: NO, purpose: sales }
        events: [generate_lead]
        fields: [params, email]
        sign: { secret: "\${SIGN_KEY}", previous: "\${SIGN_OLD}" }
      warehouse:
        type: http
        host: rows.example.com
        path: /v1/rows
        needs: [analytics_storage]
        recipient: { name: Example AS, country: NO, purpose: statistics }
        events: [page_view, generate_lead]
        headers: { Authorization: "Bearer \${ROWS_TOKEN}" }
        body: ndjson
        batch: 50
        map: { name: event.name, id: event.id, ads: consent.ad_storage }
        fail_if: [{ at: $.error }]
`;

let recorder: Recorder;
let gateway: Served;

describe('events to receivers of one’s own, from the request to the bytes', () => {
  beforeAll(async () => {
    const answer = () => ({ status: 200, body: '{"error":null}' });
    recorder = await startRecorder([{ hosts: ['crm.example.com', 'rows.example.com'], answer }]);
    gateway = await serve({
      config: CONFIG,
      sink: recorder.url,
      env: {
        INGEST_KEY: INGEST,
        CRM_HOOK: 'hemmelig-krok',
        ROWS_TOKEN: 'rows-token',
        SIGN_KEY: `whsec_${KEY?.toString('base64')}`,
        SIGN_OLD: `whsec_${OLD?.toString('base64')}`,
      },
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await recorder.close();
  });

  const page = (cookie: string, ...events: readonly object[]) =>
    ask(gateway.url, {
      path: '/v1/events',
      headers: { host: 'shop.example.no', origin: 'https://shop.example.no', 'content-type': 'text/plain', cookie },
      body: JSON.stringify({ events }),
    });
  const lead = (id: string) => ({
    name: 'generate_lead',
    id,
    page: { url: 'https://shop.example.no/kontakt' },
    params: { form_id: 'contact' },
    user: { email: 'Kari.Nordmann@example.no', first_name: 'Kari' },
  });

  it('signs the very bytes it sends, with both keys, under a mark that tells nothing', async () => {
    recorder.clear();
    expect((await page(cookiebot({ marketing: true }), lead('lead-1'))).status).toBe(204);
    const [request] = (await recorder.waitFor(1, { host: 'crm.example.com' })) as [Recorded];
    const { method, path, query, headers, body } = request;
    expect([method, path, query]).toEqual(['POST', '/in/hemmelig-krok', 'source=web']);
    expect(JSON.parse(body)).toEqual({
      type: 'generate_lead',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as unknown,
      data: {
        event_id: 'lead-1',
        name: 'generate_lead',
        params: { form_id: 'contact' },
        // SHA-256 of kari.nordmann@example.no
        user: { email_sha256: 'd71c8fef81d1773deb0bd7cbf293ba355532f7164e211e81b25d977831f47430' },
      },
    });
    const [id, at] = [headers['webhook-id'] ?? '', headers['webhook-timestamp'] ?? ''];
    expect(id).toMatch(/^msg_[0-9a-f]{32}$/);
    expect(Math.abs(Date.now() / 1000 - Number(at))).toBeLessThan(120);
    // The standard, worked out with another implementation.
    const by = (key: Buffer | undefined) =>
      `v1,${createHmac('sha256', key ?? '')
        .update(`${id}.${at}.${body}`)
        .digest('base64')}`;
    expect(headers['webhook-signature']).toBe(`${by(KEY)} ${by(OLD)}`);
    // And with the library of the standard itself, as a receiver has it that knows either key.
    for (const key of [KEY, OLD]) {
      const webhook = new Webhook(`whsec_${key?.toString('base64')}`);
      expect(webhook.verify(body, headers)).toEqual(JSON.parse(body));
      expect(() => webhook.verify(`${body} `, headers)).toThrow('No matching signature');
    }
    expect(JSON.stringify(recorder.requests)).not.toMatch(/Kari/i);
    expect(gateway.log()).not.toContain('hemmelig-krok');
  });

  it('sends each receiver what its own signals allow, and a withdrawn choice nothing', async () => {
    recorder.clear();
    const view = { name: 'page_view', id: 'v-1', page: { url: 'https://shop.example.no/' } };
    await page(cookiebot({ statistics: true }), view, lead('lead-2'));
    const [rows] = await recorder.waitFor(1, { host: 'rows.example.com' });
    expect([rows?.headers['authorization'], rows?.headers['content-type']]).toEqual([
      'Bearer rows-token',
      'application/x-ndjson',
    ]);
    expect(rows?.body).toBe(
      '{"name":"page_view","id":"v-1","ads":false}\n{"name":"generate_lead","id":"lead-2","ads":false}',
    );
    await page(cookiebot({}), { ...view, id: 'v-2' }, lead('lead-3'));
    await page('', { ...view, id: 'v-3' }, lead('lead-4'));
    await page(cookiebot({ statistics: true }), { ...view, id: 'v-4' });
    await recorder.waitFor(2, { host: 'rows.example.com' });
    expect(recorder.to('crm.example.com')).toEqual([]);
    expect(
      recorder
        .to('rows.example.com')
        .map(({ body }) => body)
        .join(),
    ).not.toMatch(/v-2|v-3|lead-3|lead-4/);
  });

  it('takes the forms of a back end under the visitor’s own choice only', async () => {
    recorder.clear();
    const report = (id: string, visitor?: object) =>
      ask(gateway.url, {
        path: '/v1/events',
        headers: { host: 'shop.example.no', authorization: `Bearer ${INGEST}`, 'content-type': 'application/json' },
        body: JSON.stringify({ events: [{ ...lead(id), ...(visitor && { visitor }) }] }),
      });
    expect((await report('form-1')).status).toBe(204);
    await report('form-2', { cookies: cookiebot({ statistics: true }) });
    await report('form-3', { cookies: cookiebot({ statistics: true, marketing: true }) });
    const [only] = await recorder.waitFor(1, { host: 'crm.example.com' });
    expect(only?.body).toContain('form-3');
    const rows = () => recorder.to('rows.example.com').map(({ body }) => body);
    await expect.poll(() => rows().join(), { timeout: 60_000 }).toMatch(/form-2[^]*form-3|form-3[^]*form-2/);
    expect(recorder.to('crm.example.com')).toHaveLength(1);
    expect(recorder.requests.map(({ body }) => body).join()).not.toContain('form-1');
  });

  it('tries again under the same mark and another time, where a 200 holds an error', async () => {
    recorder.clear();
    let refused = 0;
    const restore = recorder.script('rows.example.com', () =>
      refused++ === 0 ? { status: 200, body: '{"error":{"code":1}}' } : { status: 200, body: '{}' },
    );
    await page(cookiebot({ statistics: true }), {
      name: 'page_view',
      id: 'v-9',
      page: { url: 'https://shop.example.no/' },
    });
    const [first, second] = await recorder.waitFor(2, { host: 'rows.example.com', ms: 60_000 });
    restore();
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  });
});
