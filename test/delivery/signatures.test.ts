import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import meta from '../../destinations/meta/index.ts';
import { secretText } from '../../src/core/secret.ts';
import { exchange } from '../../src/delivery/lane/attempt.ts';
import { attempt } from '../support/egress.ts';
import { SecretProblem, type Wire } from '../../src/delivery/lane/ports.ts';
import { nodeSecrets } from '../../src/runtimes/node/process/secrets.ts';
import { createSend, type NodeSend } from '../../src/runtimes/node/vendors/send.ts';
import { courierRoute, gatewayWith, PURCHASE } from '../support/courier.ts';
import { World } from '../support/delivery.ts';
import { startRecorder, type Recorded, type Recorder } from '../support/recorder.ts';

// Signatures as a receiver gets them (`destinations/http.md` 2, `destinations/meta.md` 1). The vectors are those of the
// pages; the last one was made with openssl.

const NEW = 'whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=';
const OLD = 'whsec_ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A=';
const AT = 1_795_169_705;

let recorder: Recorder;
let send: NodeSend;
beforeAll(async () => {
  recorder = await startRecorder();
  send = createSend({ sink: recorder.url, version: '0' });
});
afterAll(() => {
  send.close();
  void recorder.close();
});

const SETTINGS = { host: 'crm.example.com', signing_secret: { env: 'NEW' } };
const ROW = { element: PURCHASE, signals: 15, acceptedAt: (AT - 5) * 1000 };

function wire(env: Record<string, string>, now = () => AT * 1000 + 999, sink = false): Wire {
  return { send, secrets: nodeSecrets({ sink, send, env }), now };
}

async function sent(settings: object, env: Record<string, string>, now?: () => number) {
  recorder.requests.length = 0;
  const ended = await attempt(courierRoute(settings), '', [ROW], wire(env, now));
  return { ended, request: recorder.requests[0] };
}

describe('a secret in the body', () => {
  it('stands in its place, escaped as a text of JSON is', async () => {
    const planned = {
      method: 'POST',
      url: 'https://crm.example.com/in',
      headers: {},
      body: '{"rows":["a$&b"],"token":"\\u0000"}',
      bodySecret: { env: 'TOKEN' },
    } as const;
    recorder.requests.length = 0;
    await exchange(planned, ['crm.example.com'], wire({ TOKEN: 'a"b\\$&' }));
    expect(recorder.requests[0]?.body).toBe(JSON.stringify({ rows: ['a$&b'], token: 'a"b\\$&' }));
  });
});

describe('Standard Webhooks', () => {
  it('signs id, time and the very bytes of the body', async () => {
    const { request } = await sent(SETTINGS, { NEW });
    expect(request?.headers).toMatchObject({
      'webhook-id': 'msg_ord-20261120-7',
      'webhook-timestamp': `${AT}`,
      'webhook-signature': 'v1,RSkgR+pKuYFTjI2zk078SMyHKD+mRZEIX9uTn89MYqU=',
    });
    expect(request?.body).toBe(PURCHASE);
  });

  it('signs with both secrets while one is being changed, the new one first', async () => {
    const { request } = await sent({ ...SETTINGS, previous_secret: { env: 'OLD' } }, { NEW, OLD });
    expect(request?.headers['webhook-signature']).toBe(
      'v1,RSkgR+pKuYFTjI2zk078SMyHKD+mRZEIX9uTn89MYqU= v1,Sem+FWpHOgshpfmU1mALWWmJRMgJlrVM2b1KXWMh0PM=',
    );
  });

  it('makes the published signature', async () => {
    const key = { env: 'PUBLISHED' };
    const over = ['msg_p5jXN8AQM9LWM0D4loKWxJek.', { kind: 'timestamp' }, '.', { kind: 'body' }] as const;
    const signature = { kind: 'signature', key, keyForm: 'whsec', over, form: 'base64' } as const;
    recorder.requests.length = 0;
    await exchange(
      {
        method: 'POST',
        url: 'https://crm.example.com/',
        headers: { 'webhook-signature': secretText`v1,${signature}` },
        body: '{"test": 2432232314}',
      },
      ['crm.example.com'],
      wire({ PUBLISHED: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }, () => 1_614_265_330_000),
    );
    expect(recorder.requests[0]?.headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('holds for a body of other letters, as the receiver counts the bytes', async () => {
    const body = PURCHASE.replace('ORD-20261120-7', 'Blåbær – 日本 🫐');
    recorder.requests.length = 0;
    await attempt(courierRoute(SETTINGS), '', [{ ...ROW, element: body }], wire({ NEW }));
    const { headers, body: arrived } = recorder.requests[0] as Recorded;
    const key = Buffer.from(NEW.slice('whsec_'.length), 'base64');
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${arrived}`;
    expect(arrived).toContain('Blåbær – 日本 🫐');
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  });

  it('is made anew at each attempt, with the same id', async () => {
    const world = new World();
    world.clock = AT * 1000;
    world.secrets = nodeSecrets({ sink: false, send, env: { NEW } });
    world.answer = () => (world.sent.length < 3 ? 503 : 204);
    const drain = world.start(gatewayWith(courierRoute(SETTINGS)));
    world.store.add('courier', PURCHASE, { signals: 15, acceptedAt: world.clock, expiresAt: world.clock + 3_600_000 });
    drain.rowsAdded(['shop/courier']);
    await world.pass(60_000);
    const headers = world.sent.map(({ request }) => request.headers);
    expect(headers.map((each) => each['webhook-id'])).toEqual(Array(3).fill('msg_ord-20261120-7'));
    expect(world.sent.map(({ at }) => `${Math.floor(at / 1000)}`)).toEqual(
      headers.map((each) => each['webhook-timestamp']),
    );
    expect(new Set(headers.map((each) => each['webhook-signature'])).size).toBe(
      new Set(headers.map((each) => each['webhook-timestamp'])).size,
    );
    expect(world.store.waiting).toBe(0);
  });

  it.each([
    ['no prefix', NEW.slice('whsec_'.length)],
    ['another alphabet', 'whsec_-_IDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA='],
    ['cut off', NEW.slice(0, -2)],
    ['23 bytes', `whsec_${Buffer.alloc(23, 1).toString('base64')}`],
    ['65 bytes', `whsec_${Buffer.alloc(65, 1).toString('base64')}`],
    ['nothing behind the prefix', 'whsec_'],
  ])('a secret that is none stops the route, and nothing is sent: %s', async (_, secret) => {
    const { ended, request } = await sent(SETTINGS, { NEW: secret });
    expect(ended).toMatchObject({
      verdict: { kind: 'stop', reason: { code: 'vendor.secret_unusable', params: { name: '${NEW}' } } },
    });
    expect(request).toBeUndefined();
    expect(JSON.stringify(ended)).not.toContain(secret);
  });

  it.each([24, 64])('a secret of %i bytes is one', async (length) => {
    const { request } = await sent(SETTINGS, { NEW: `whsec_${Buffer.alloc(length, 1).toString('base64')}` });
    expect(request).toBeDefined();
  });

  it('a missing secret stops the route; at a sink another stands in for it', async () => {
    expect((await sent(SETTINGS, {})).ended).toMatchObject({ verdict: { reason: { code: 'vendor.secret_missing' } } });
    const ended = await attempt(
      courierRoute(SETTINGS),
      '',
      [ROW],
      wire({}, () => AT * 1000, true),
    );
    expect(ended).toHaveProperty('verdict.kind', 'delivered');
  });
});

describe("Meta's proof", () => {
  const proofOf = async (settings: object, env: Record<string, string>) => {
    const { request, hosts } = meta.bind(
      meta.settings.parse({ pixel_id: '1234567890', access_token: '${TOKEN}', ...settings }),
    );
    recorder.requests.length = 0;
    await exchange(request('', ['{}']), hosts, wire(env));
    return recorder.requests[0];
  };

  it('is the HMAC of the token, keyed with the app secret, in hex', async () => {
    const env = { TOKEN: 'EAAExampleToken', APP: 'app-secret-of-the-example' };
    const request = await proofOf({ app_secret: '${APP}' }, env);
    // printf EAAExampleToken | openssl dgst -sha256 -hmac app-secret-of-the-example
    expect(request?.query).toBe('appsecret_proof=39977e66a49ad284d26a49a0c41e2705c8521ea9aca636ecd389b664c39e813f');
    expect(request?.headers['authorization']).toBe('Bearer EAAExampleToken');
    expect(JSON.stringify(request)).not.toContain('app-secret-of-the-example');
  });

  it('is not sent without an app secret, and a missing one is named', async () => {
    expect((await proofOf({}, { TOKEN: 'EAAExampleToken' }))?.query).toBe('');
    await expect(proofOf({ app_secret: '${APP}' }, { TOKEN: 'EAAExampleToken' })).rejects.toThrow(SecretProblem);
  });
});
