import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { metricsOf, until } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, type Served } from '../support/serve.ts';

// Rules of a route (docs/rules.md) in a running gateway, with its delivery thread and its outbox file.

const HOST = 'api.linkedin.com';
const config = (second: string) => `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      linkedin:
        access_token: '\${LINKEDIN_ACCESS_TOKEN}'
        events:
          - { event: generate_lead, when: { params.form_id: kontakt }, conversion: "104013" }
          - { event: generate_lead, when: { value: ">= 100" }, conversion: "${second}" }
`;

let vendors: Recorder;
let gateway: Served;
beforeAll(async () => {
  vendors = await startRecorder();
  gateway = await serve({ config: config('104014'), sink: vendors.url });
});
afterAll(async () => {
  await gateway.stop('SIGKILL');
  await vendors.close();
});

/** Cookiebot's cookie (`consent.md` 1), all or nothing. */
const cookiebot = (granted: boolean) =>
  `CookieConsent={stamp:%27k5Hr2bVbFoT0qZr1o1Zs9A==%27%2Cnecessary:true%2Cpreferences:${granted}%2Cstatistics:${granted}%2Cmarketing:${granted}%2Cmethod:%27explicit%27%2Cver:1%2Cutc:${Date.now() - 60_000}%2Cregion:%27no%27}`;

/** When the visitor's id was given, unix seconds. */
const FIRST = Math.floor(Date.now() / 1000) - 60;

async function lead(id: string, granted = true): Promise<void> {
  const event = {
    id,
    name: 'generate_lead',
    page: { url: 'https://shop.example.no/kontakt' },
    params: { form_id: 'kontakt', value: 100, currency: 'NOK' },
  };
  const { status } = await ask(gateway.url, {
    path: '/v1/events',
    headers: {
      host: 'shop.example.no',
      origin: 'https://shop.example.no',
      'content-type': 'application/json',
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)',
      cookie: `${cookiebot(granted)}; _ga=GA1.1.482310557.${FIRST}; li_fat_id=0b6ad1c2-4d5e-4f60-8a71-92b3c4d5e6f7`,
    },
    body: JSON.stringify({ events: [event] }),
  });
  expect(status).toBe(204);
}

/** What LinkedIn got: the conversion and the id of each event. */
const got = (): string[] =>
  vendors
    .to(HOST)
    .flatMap(({ body }) => (JSON.parse(body) as { elements: { conversion: string; eventId: string }[] }).elements)
    .map(({ conversion, eventId }) => `${conversion.split(':').at(-1)} ${eventId}`)
    .toSorted();
const outcomes = async (outcome: string, reason?: string): Promise<number> =>
  (await metricsOf(gateway.adminUrl)).sum('portvakt_outcomes_total', {
    outcome,
    ...(reason !== undefined && { reason }),
  });
const waiting = async (): Promise<number> =>
  (await metricsOf(gateway.adminUrl)).sum('portvakt_outbox_waiting', { route: 'shop.example.no/linkedin' });

it('sends an event once for each rule that applies, and no repeat of either', async () => {
  await lead('form-1');
  await until('both are delivered', async () => (await outcomes('delivered')) === 2, 60_000);
  expect(got()).toEqual(['104013 form-1', '104014 form-1.104014']);
  await lead('form-1');
  expect(await outcomes('skipped', 'skip.duplicate')).toBe(2);
  expect(await waiting()).toBe(0);
});

it('sends what waits under the id that was mended meanwhile', async () => {
  vendors.clear();
  const mended = vendors.script(HOST, () => ({ status: 503, headers: { 'retry-after': '1' } }));
  await lead('form-2');
  await vendors.waitFor(1, { host: HOST, ms: 60_000 });
  writeFileSync(join(gateway.data, 'gateway.yaml'), config('104015'));
  gateway.child.kill('SIGHUP');
  await until(
    'the configuration is read again',
    () => gateway.log().includes('"msg":"configuration reloaded"'),
    60_000,
  );
  vendors.clear();
  mended();
  await until('both are delivered', async () => (await outcomes('delivered')) === 4, 60_000);
  expect([...new Set(got())]).toEqual(['104013 form-2', '104015 form-2.104015']);
});

it('takes back all that rules have made of an event', async () => {
  vendors.script(HOST, () => ({ status: 503 }));
  await lead('form-3');
  expect(await waiting()).toBe(2);
  await lead('form-4', false);
  expect([await waiting(), await outcomes('withdrawn')]).toEqual([0, 2]);
});
