import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../../support/ask.ts';
import { cookiebot } from '../../support/hits.ts';
import { startRecorder, type Recorder } from '../../support/recorder.ts';
import { serve, temporary, type Served } from '../../support/serve.ts';

// A lead in the clear, from the back end of the form to the receiver: none of it can be read on the disk
// (docs/decisions/sealed-user-data.md).

const HOST = 'crm.example.com';
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
        host: ${HOST}
        path: /leads
        needs: [ad_storage, ad_user_data]
        recipient: { name: Example AS, country: NO, purpose: sales }
        events: [generate_lead]
        user_data: { email: plain, last_name: plain }
        body: json
        map: { email: user.email, name: user.last_name, id: event.id }
`;

let vendors: Recorder;
let running: Served[] = [];
beforeAll(async () => {
  vendors = await startRecorder();
});
afterEach(async () => {
  vendors.clear();
  await Promise.all(running.splice(0).map((gateway) => gateway.stop('SIGKILL')));
});
afterAll(() => vendors.close());

async function start(data: string): Promise<Served> {
  const gateway = await serve({ config: CONFIG, sink: vendors.url, data, env: { INGEST_KEY: INGEST } });
  running.push(gateway);
  return gateway;
}

const CLEAR = ['kari.nordmann@example.no', 'Nordmann-Forseglet'];

/** What the form's back end reports, with the visitor's cookies. */
function lead(gateway: Served, id: string, cookies = chosen(true), client_id = CLIENT) {
  const user = { email: 'Kari.Nordmann@example.no', last_name: CLEAR[1] };
  const event = { name: 'generate_lead', id, user, visitor: { client_id, cookies } };
  return ask(gateway.url, {
    path: '/v1/events',
    headers: { host: 'shop.example.no', authorization: `Bearer ${INGEST}`, 'content-type': 'application/json' },
    body: JSON.stringify({ events: [event] }),
  });
}

const CLIENT = '1234567890.1795400000';
const chosen = (marketing: boolean) =>
  `${cookiebot({ marketing, statistics: marketing }, Date.now() - 60_000)}; _ga=GA1.1.${CLIENT}`;

/** Every file of the folder, as text. */
function files(data: string): string {
  return readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

function expectSealed(data: string): void {
  const text = files(data);
  for (const clear of CLEAR)
    for (const form of [
      clear,
      clear.toUpperCase(),
      Buffer.from(clear).toString('base64').replace(/=+$/, '').slice(0, -1),
      Buffer.from(clear).toString('hex'),
    ])
      expect(text.toLowerCase()).not.toContain(form.toLowerCase());
}

describe('a lead in the clear', () => {
  it('waits sealed, over a kill, and reaches its receiver as it is', { timeout: 120_000 }, async () => {
    const up = vendors.script(HOST, () => ({ status: 503 }));
    const data = temporary();
    const first = await start(data);
    expect((await lead(first, 'lead-1')).status).toBe(204);
    await vendors.waitFor(1, { host: HOST, ms: 60_000 });
    // It is there, and cannot be read.
    expect(files(data)).toContain('plain_email');
    expectSealed(data);
    await first.stop('SIGKILL');
    expectSealed(data);
    up();
    vendors.clear();
    const second = await start(data);
    const [request] = await vendors.waitFor(1, { host: HOST, ms: 60_000 });
    expect(request?.body).toBe('{"email":"kari.nordmann@example.no","name":"Nordmann-Forseglet","id":"lead-1"}');
    expectSealed(data);
    expect(first.log() + second.log()).not.toMatch(/nordmann/i);
  });

  it('is not sent to anybody after its visitor has withdrawn', { timeout: 120_000 }, async () => {
    const up = vendors.script(HOST, () => ({ status: 503 }));
    const data = temporary();
    const gateway = await start(data);
    expect((await lead(gateway, 'lead-2')).status).toBe(204);
    await vendors.waitFor(1, { host: HOST, ms: 60_000 });
    const refused = await ask(gateway.url, {
      path: '/v1/events',
      headers: {
        host: 'shop.example.no',
        origin: 'https://shop.example.no',
        'content-type': 'text/plain',
        cookie: chosen(false),
      },
      body: JSON.stringify({ events: [{ name: 'page_view', page: { url: 'https://shop.example.no/' } }] }),
    });
    expect(refused.status).toBe(204);
    const before = vendors.requests.length;
    up();
    // What comes later arrives, and what was withdrawn has not come before it.
    await lead(gateway, 'lead-3', cookiebot({ marketing: true }, Date.now() - 1_000), '2345678901.1795400001');
    await expect
      .poll(
        () =>
          vendors.requests
            .slice(before)
            .map(({ body }) => body)
            .join(),
        { timeout: 60_000 },
      )
      .toContain('lead-3');
    expect(
      vendors.requests
        .slice(before)
        .map(({ body }) => body)
        .join(),
    ).not.toContain('lead-2');
    // The sealed text is gone as well.
    await expect.poll(() => files(data).includes('lead-2'), { timeout: 60_000 }).toBe(false);
  });

  it('is a dead letter where its key is another one, and nothing of it is sent', { timeout: 120_000 }, async () => {
    const up = vendors.script(HOST, () => ({ status: 503 }));
    const data = temporary();
    const first = await start(data);
    await lead(first, 'lead-4');
    await vendors.waitFor(1, { host: HOST, ms: 60_000 });
    await first.stop('SIGKILL');
    writeFileSync(join(data, 'root.key'), Buffer.alloc(32, 1));
    up();
    vendors.clear();
    const second = await start(data);
    const dead = async () => (await ask(second.adminUrl, { method: 'GET', path: '/metrics' })).body;
    await expect.poll(dead, { timeout: 60_000 }).toMatch(/reason="failed\.sealed"[^}]*\} 1/);
    expect(vendors.requests).toEqual([]);
  });
});
