import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../../support/ask.ts';
import { cookiebot } from '../../support/hits.ts';
import { startRecorder, type Recorder } from '../../support/recorder.ts';
import { serve, type Served } from '../../support/serve.ts';

// The shipped example for leads (`config/examples/crm.yaml`) beside both CRMs (`destinations/http.md` 10).

const SHARPSPRING = 'api.sharpspring.com';
const SALESFORCE = 'example.my.salesforce.com';
const INGEST = 'k'.repeat(40);
const SECRETS = {
  SHARPSPRING_ACCOUNT: 'account-4711',
  SHARPSPRING_KEY: 'key-hemmelig',
  SALESFORCE_CLIENT_SECRET: 'cs-hemmelig',
};

let recorder: Recorder;
let gateway: Served;

const metrics = async () => (await ask(gateway.adminUrl, { method: 'GET', path: '/metrics' })).body;
const lead = (id: string, cookies?: string) =>
  ask(gateway.url, {
    path: '/v1/events',
    headers: { host: 'shop.example.no', authorization: `Bearer ${INGEST}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      events: [
        {
          name: 'generate_lead',
          id,
          params: { company: 'Example AS' },
          user: { email: 'Kari@Example.no', first_name: 'Kari', last_name: 'Nordmann', phone: '+4740000000' },
          ...(cookies !== undefined && { visitor: { cookies } }),
        },
      ],
    }),
  });

describe('leads from the form of the shop', () => {
  beforeAll(async () => {
    recorder = await startRecorder([
      {
        hosts: [SHARPSPRING],
        answer: () => ({ status: 200, body: '{"result":{"creates":[{"success":true}]},"error":[]}' }),
      },
      {
        hosts: [SALESFORCE],
        answer: ({ path }) =>
          path.endsWith('/token')
            ? { status: 200, body: '{"access_token":"00D-token","token_type":"Bearer"}' }
            : { status: 201, body: '{"success":true}' },
      },
    ]);
    const config = readFileSync(join(import.meta.dirname, '../../../config/examples/crm.yaml'), 'utf8');
    gateway = await serve({ config, sink: recorder.url, env: { INGEST_KEY: INGEST, ...SECRETS } });
  });
  afterAll(async () => {
    await gateway.stop();
    await recorder.close();
  });

  it('reach both as they are, with the visitor’s own consent to marketing and no other', async () => {
    await lead('lead-none');
    await lead('lead-statistics', cookiebot({ statistics: true }));
    expect((await lead('lead-1', cookiebot({ marketing: true }))).status).toBe(204);
    const [spring] = await recorder.waitFor(1, { host: SHARPSPRING, ms: 60_000 });
    expect([spring?.method, spring?.path, spring?.query]).toEqual([
      'POST',
      '/pubapi/v1.2/',
      'accountID=account-4711&secretKey=key-hemmelig',
    ]);
    expect(JSON.parse(spring?.body ?? '')).toEqual({
      method: 'createLeads',
      params: { objects: [{ emailAddress: 'kari@example.no', firstName: 'Kari' }] },
      id: 'lead-1',
    });
    const [token, force] = await recorder.waitFor(2, { host: SALESFORCE, ms: 60_000 });
    expect([token?.path, token?.body]).toEqual(['/services/oauth2/token', 'grant_type=client_credentials']);
    expect([force?.method, force?.path]).toEqual(['PATCH', '/services/data/v62.0/sobjects/Lead/Web_Id__c/lead-1']);
    expect(force?.headers['authorization']).toBe('Bearer 00D-token');
    expect(JSON.parse(force?.body ?? '')).toEqual({
      Email: 'kari@example.no',
      Phone: '+4740000000',
      FirstName: 'Kari',
      LastName: 'Nordmann',
      Company: 'Example AS',
      LeadSource: 'Web',
    });
    expect(recorder.requests.map(({ body }) => body).join()).not.toMatch(/lead-none|lead-statistics/);
  });

  it('are tried again where SharpSpring reports an error inside a 200, and its key is shown to nobody', async () => {
    recorder.clear();
    let refused = 0;
    const restore = recorder.script(SHARPSPRING, () =>
      refused++ === 0
        ? { status: 200, body: '{"result":null,"error":{"code":213,"message":"key-hemmelig is not valid"}}' }
        : { status: 200, body: '{"result":{},"error":[]}' },
    );
    await lead('lead-2', cookiebot({ marketing: true }));
    const [first, second] = await recorder.waitFor(2, { host: SHARPSPRING, ms: 60_000 });
    expect(second?.body).toBe(first?.body);
    restore();
    const said = gateway.log() + (await metrics());
    for (const secret of Object.values(SECRETS)) expect(said).not.toContain(secret);
  });
});
