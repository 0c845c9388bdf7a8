import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../src/core/hash.ts';
import { readBody } from '../../src/delivery/event-body.ts';
import type { Outbox, OutboxRecord, Withdrawal } from '../../src/delivery/outbox.ts';
import {
  createFetch,
  makeGateway,
  MemoryOutbox,
  OutboxUnavailable,
  Runner,
  storePolicyOf,
  webSecrets,
  webSend,
  type RunnerOptions,
  type SecretValue,
} from '../../src/runtimes/web/index.ts';
import { cookiebot } from '../support/hits.ts';
import { until } from '../support/metrics.ts';
import { DIFFERENCES } from './differences.ts';

const ORIGIN = 'https://shop.example.no';
const text = (ip: string) => `sites:
  - hosts: [shop.example.no]
    origins: [${ORIGIN}]
    country: NO
    consent: { cmp: [cookiebot] }
    privacy: { ip: ${ip} }
    destinations:
      meta: { pixel_id: "123456789012345", access_token: "\${META_ACCESS_TOKEN}" }
server: { country_header: cf-ipcountry, trusted_proxies: [203.0.113.0/24] }
`;
const secret: SecretValue = () => 'secret-0123456789-0123456789-0123456789';
const gatewayFor = (ip = 'none') =>
  makeGateway(text(ip), { file: 'gateway.yaml', secret, rootKey: new Uint8Array(32).fill(7) });
const GRANTED = cookiebot({ statistics: true, marketing: true }, Date.now() - 3_600_000);
const REFUSED = cookiebot({}, Date.now() - 3_600_000);

function purchase(cookie: string, headers: Readonly<Record<string, string>> = {}): Request {
  const event = {
    name: 'purchase',
    id: 'order-1',
    params: { currency: 'NOK', value: 10 },
    user: { email: 'kari@example.no' },
  };
  return new Request('https://shop.example.no/v1/events', {
    method: 'POST',
    headers: { origin: ORIGIN, 'content-type': 'application/json', cookie, ...headers },
    body: JSON.stringify({ events: [event] }),
  });
}

/** An outbox that only remembers what it was told. */
function listening(): Outbox & { readonly told: (readonly [readonly OutboxRecord[], readonly Withdrawal[]])[] } {
  const told: (readonly [readonly OutboxRecord[], readonly Withdrawal[]])[] = [];
  return {
    told,
    pending: 1,
    shared: true,
    ready: true,
    append: (records, withdrawals) => {
      told.push([records, withdrawals]);
      return Promise.resolve(records.flatMap(({ routes }) => routes.map(() => 'stored' as const)));
    },
  };
}

describe('createFetch', () => {
  it('answers when the outbox has it, and 503 when it does not take it', async () => {
    const outbox = listening();
    const { fetch } = createFetch({ gateway: gatewayFor(), outbox });
    expect((await fetch(purchase(GRANTED))).status).toBe(204);
    expect(outbox.told[0]?.[0][0]?.routes.map(({ route }) => route)).toEqual(['shop.example.no/meta']);
    const full = { ...outbox, append: () => Promise.reject(new OutboxUnavailable('full', 7)) };
    const refused = await createFetch({ gateway: gatewayFor(), outbox: full }).fetch(purchase(GRANTED));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '7']);
  });

  it('tells the outbox of a withdrawal even though it cannot know what waits there', async () => {
    const outbox = listening();
    const { fetch } = createFetch({ gateway: gatewayFor(), outbox });
    const answer = await fetch(purchase(`${REFUSED}; _fbp=fb.1.${Date.now() - 1000}.123`));
    expect(answer.headers.getSetCookie().some((line) => line.startsWith('_fbp='))).toBe(true);
    expect(outbox.told[0]?.[1].length).toBeGreaterThan(0);
  });

  it('takes the country from the runtime and from no header', async () => {
    const outbox = listening();
    const { fetch } = createFetch({ gateway: gatewayFor('country'), outbox });
    await fetch(purchase(GRANTED, { 'cf-ipcountry': 'DK' }), { peer: '203.0.113.7', country: 'SE' });
    const body = JSON.stringify(readBody(outbox.told[0]?.[0][0]?.body ?? ''));
    expect(body).toContain(sha256Hex('se'));
    expect(body).not.toContain(sha256Hex('dk'));
    expect(body).not.toContain('203.0.113');
  });

  it('parts Cookie lines that the runtime has put together with a comma, and only there', async () => {
    for (const [joinsCookies, count] of [
      [true, 1],
      [false, 0],
    ] as const) {
      const outbox = listening();
      const { fetch } = createFetch({ gateway: gatewayFor(), outbox, headers: { joinsCookies } });
      await fetch(purchase(`theme=dark, ${GRANTED}`));
      expect(outbox.told.flatMap(([records]) => records).length).toBe(count);
    }
  });
});

describe('a gateway for any runtime', () => {
  const crm = text('none').replace(
    / {6}meta: .*\n/,
    `      crm:
        type: http
        host: crm.example.com
        path: /leads
        needs: [ad_storage, ad_user_data]
        recipient: { name: Example AS, country: NO, purpose: sales }
        events: [generate_lead]
        user_data: { email: plain }
`,
  );
  const options = { file: 'gateway.yaml', secret, rootKey: new Uint8Array(32).fill(7) };

  it('seals user data in the clear: by itself, or as the program says', () => {
    const { sealer } = makeGateway(crm, options).sites[0]?.routes[0] ?? {};
    const sealed = sealer?.seal('kari@example.no', 'place') ?? '';
    expect(sealed).toMatch(/^[\w-]{40,}$/);
    expect(makeGateway(crm, options).sites[0]?.routes[0]?.sealer?.open(sealed, 'place')).toBe('kari@example.no');
    const sealing = () => ({ seal: (t: string) => `sealed ${t}`, open: (t: string) => t });
    const own = makeGateway(crm, { ...options, sealing }).sites[0]?.routes[0];
    expect(own?.sealer?.seal('a', 'place')).toBe('sealed a');
  });
});

describe('a request over `fetch`', () => {
  it('waits as long as it says, whatever the runtime gives the others', async () => {
    const fetch = (_: string, { signal }: RequestInit) =>
      new Promise<Response>((_resolve, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    const send = webSend({ version: 'test', timeoutMs: 600_000, fetch });
    const request = { method: 'PATCH', url: 'https://a.example/', headers: {}, timeoutMs: 50 } as const;
    await expect(send(request, ['a.example'])).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });
});

describe('the runner', () => {
  const running = (more: Partial<RunnerOptions> = {}) => {
    const gateway = gatewayFor();
    const policy = storePolicyOf(gateway, true);
    const sent: string[] = [];
    const send = webSend({
      version: 'test',
      fetch: (url, { body }) => {
        sent.push(`${url} ${body as string}`);
        return Promise.resolve(
          new Response('{"events_received":1}', { headers: { 'content-type': 'application/json' } }),
        );
      },
    });
    const store = new MemoryOutbox(() => policy, Date.now);
    const runner = new Runner(gateway, { store, send, secrets: webSecrets(secret, send), log: () => {}, ...more });
    return { gateway, runner, store, sent, ...createFetch({ gateway, outbox: runner }) };
  };

  it('sends what is stored, once', async () => {
    const { fetch, sent, runner } = running();
    const visitor = `${GRANTED}; _fbp=fb.1.${Date.now() - 1000}.123`;
    for (let i = 0; i < 2; i++) expect((await fetch(purchase(visitor))).status).toBe(204);
    await until('it is sent', () => sent.length > 0 && runner.report().queues['shop.example.no/meta'] === undefined);
    expect(sent).toEqual([expect.stringContaining('https://graph.facebook.com/')]);
    await runner.stop(100);
  });

  it('asks to be woken while something waits, and not before', async () => {
    const asked: number[] = [];
    const { fetch, runner } = running({ wakeWithin: (ms) => asked.push(ms) });
    expect(asked).toEqual([]);
    await fetch(purchase(GRANTED));
    expect(asked).toEqual([30_000]);
    await runner.stop(100);
  });

  it('refuses a route that it does not know for a second, and carries the withdrawal out all the same', async () => {
    const { runner, store } = running();
    const outbox = listening();
    await createFetch({ gateway: gatewayFor(), outbox }).fetch(purchase(GRANTED));
    const [record] = outbox.told[0]?.[0] ?? [];
    const elsewhere = {
      ...(record as OutboxRecord),
      routes: (record as OutboxRecord).routes.map((route) => ({ ...route, route: 'shop.example.no/new' })),
    };
    const thrown = await runner.append([elsewhere], []).catch((error: unknown) => error);
    expect([thrown, (thrown as OutboxUnavailable).retryAfter]).toEqual([expect.any(OutboxUnavailable), 1]);
    expect(store.pending).toBe(0);
    await runner.stop(100);
  });

  it('holds withdrawals that cannot be stored, and sends nothing until they are', async () => {
    let broken = true;
    const { runner, store, sent } = running();
    const commit = store.commit.bind(store);
    store.commit = (...args) => {
      if (broken) throw new Error('the disk is gone');
      return commit(...args);
    };
    const outbox = listening();
    await createFetch({ gateway: gatewayFor(), outbox }).fetch(
      purchase(`${REFUSED}; _fbp=fb.1.${Date.now() - 1000}.123`),
    );
    const withdrawals = outbox.told[0]?.[1] ?? [];
    expect(await runner.append([], withdrawals)).toEqual([]);
    expect(runner.ready).toBe(false);
    broken = false;
    await until('they are carried out', () => runner.ready);
    expect(sent).toEqual([]);
    await runner.stop(100);
  });

  it('does not confirm such a withdrawal where the program may be stopped before it is stored', async () => {
    const { runner, store } = running({ wakeWithin: () => {} });
    store.commit = () => {
      throw new Error('the disk is gone');
    };
    const outbox = listening();
    await createFetch({ gateway: gatewayFor(), outbox }).fetch(purchase(REFUSED));
    await expect(runner.append([], outbox.told[0]?.[1] ?? [])).rejects.toThrow('cannot be written');
    await runner.stop(100).catch(() => {});
  });
});

it('every difference names a test that there is', () => {
  const files = new Map([['contract.test.ts', '../outbox/contract.test.ts']]);
  for (const { by, what } of DIFFERENCES) {
    if (by === 'documentation') continue;
    const [file = '', title = ''] = by.split(': ', 2);
    const source = readFileSync(join(import.meta.dirname, files.get(file) ?? file), 'utf8');
    expect([what, source.includes(title)]).toEqual([what, true]);
  }
});
