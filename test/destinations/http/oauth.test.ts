import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../../support/ask.ts';
import { cookiebot } from '../../support/hits.ts';
import { startRecorder, type Recorder } from '../../support/recorder.ts';
import { serve, type Served } from '../../support/serve.ts';

const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      crm:
        type: http
        host: example.my.salesforce.com
        path: /services/data/v62.0/sobjects/Case
        needs: [ad_storage, ad_user_data]
        recipient: { name: Example AS, country: NO, purpose: sales }
        events: [generate_lead]
        auth:
          oauth2:
            host: login.example.com
            path: /services/oauth2/token
            client_id: shop
            client_secret: "\${CRM_CLIENT_SECRET}"
            scope: api
        body: json
        map: { Subject: event.name, Origin: const:Web }
`;

let recorder: Recorder;
let gateway: Served;
let asked = 0;

const lead = (id: string, cookie = cookiebot({ marketing: true })) =>
  ask(gateway.url, {
    path: '/v1/events',
    headers: { host: 'shop.example.no', origin: 'https://shop.example.no', 'content-type': 'text/plain', cookie },
    body: JSON.stringify({ events: [{ name: 'generate_lead', id, page: { url: 'https://shop.example.no/' } }] }),
  });
const metrics = async () => (await ask(gateway.adminUrl, { method: 'GET', path: '/metrics' })).body;

describe('a receiver that wants a token (`destinations/http.md` 8)', () => {
  beforeAll(async () => {
    recorder = await startRecorder([
      {
        hosts: ['login.example.com'],
        answer: () => ({ status: 200, body: JSON.stringify({ access_token: `token-${++asked}`, expires_in: 3600 }) }),
      },
      { hosts: ['example.my.salesforce.com'], answer: () => ({ status: 201 }) },
    ]);
    gateway = await serve({ config: CONFIG, sink: recorder.url, env: { CRM_CLIENT_SECRET: 'hemmelig' } });
  });
  afterAll(async () => {
    await gateway.stop();
    await recorder.close();
  });

  it('is sent none before there is an event for it', async () => {
    expect((await lead('lead-0', cookiebot({}))).status).toBe(204);
    expect(recorder.requests).toEqual([]);
  });

  it('gets one, asked for once with id and secret, and with it the events', async () => {
    for (const id of ['lead-1', 'lead-2']) expect((await lead(id)).status).toBe(204);
    const events = await recorder.waitFor(2, { host: 'example.my.salesforce.com' });
    expect(events.map(({ headers, body }) => [headers['authorization'], body])).toEqual(
      ['token-1', 'token-1'].map((token) => [`Bearer ${token}`, '{"Subject":"generate_lead","Origin":"Web"}']),
    );
    expect(
      recorder.to('login.example.com').map(({ path, headers, body }) => [path, headers['authorization'], body]),
    ).toEqual([
      ['/services/oauth2/token', `Basic ${btoa('shop:hemmelig')}`, 'grant_type=client_credentials&scope=api'],
    ]);
    expect(gateway.log()).not.toMatch(/hemmelig|token-1/);
  });

  it('gets a fresh one when it takes the old one no longer', async () => {
    let refused = false;
    const end = recorder.script('example.my.salesforce.com', () => {
      if (refused) return { status: 201 };
      refused = true;
      return { status: 401 };
    });
    await lead('lead-3');
    const events = await recorder.waitFor(4, { host: 'example.my.salesforce.com' });
    expect(events.slice(2).map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
    end();
  });

  it('stops when client id and secret are refused, and what waits is kept', async () => {
    const end = recorder.script('login.example.com', () => ({ status: 401, body: '{"error":"invalid_client"}' }));
    const shut = recorder.script('example.my.salesforce.com', () => ({ status: 401 }));
    await lead('lead-4');
    await expect.poll(metrics, { timeout: 60_000 }).toMatch(/portvakt_route_stops_total\{[^}]*crm[^}]*\} 1/);
    expect(await metrics()).toMatch(/portvakt_outbox_waiting\{[^}]*crm[^}]*\} 1/);
    end();
    shut();
  });
});
