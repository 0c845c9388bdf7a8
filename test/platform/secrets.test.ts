import { createVerify, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Reply } from '../../src/core/destination.ts';
import { bearer, secretText, type AccessToken } from '../../src/core/secret.ts';
import { exchange } from '../../src/delivery/lane/attempt.ts';
import type { FilledRequest } from '../../src/delivery/lane/ports.ts';
import { missingSecrets, nodeSecrets } from '../../src/runtimes/node/process/secrets.ts';
import { createSend } from '../../src/runtimes/node/vendors/send.ts';

const dir = mkdtempSync(join(tmpdir(), 'secrets-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const ACCOUNT = JSON.stringify({
  client_email: 'gw@project.example',
  private_key: privateKey,
  private_key_id: 'k1',
  token_uri: 'https://evil.example/',
});
const TOKEN: AccessToken = {
  kind: 'google-service-account',
  credentials: { env: 'ACCOUNT' },
  scope: 'https://www.googleapis.com/auth/datamanager',
};

/** A vendor and a token endpoint; remembers what they were sent. */
function world(
  answer: (request: FilledRequest) => { status: number; body?: string },
  env: Record<string, string>,
  sink = false,
) {
  const sent: FilledRequest[] = [];
  const clock = { now: 1_800_000_000_000 };
  const send = (request: FilledRequest): Promise<Reply> => {
    sent.push(request);
    return Promise.resolve({ headers: {}, body: '', at: clock.now, ...answer(request) });
  };
  return { sent, clock, send, secrets: nodeSecrets({ sink, send, env, now: () => clock.now }) };
}

describe('values', () => {
  it('come from the environment or a file, without the line end; a reload reads the file again', async () => {
    const file = join(dir, 'token');
    writeFileSync(file, 'from-file\n');
    const { secrets } = world(() => ({ status: 200 }), { T: 'from-env' });
    expect(await secrets.value({ env: 'T' })).toBe('from-env');
    expect(await secrets.value({ file })).toBe('from-file');
    writeFileSync(file, 'rotated');
    expect(await secrets.value({ file })).toBe('from-file');
    secrets.reload();
    expect(await secrets.value({ file })).toBe('rotated');
  });

  it('that are missing are named, all of them', async () => {
    expect(
      missingSecrets([{ env: 'A' }, { env: 'B' }, { env: 'EMPTY' }, { file: join(dir, 'none') }, { env: 'A' }], {
        B: 'x',
        EMPTY: ' ',
      }),
    ).toEqual(['${A}', '${EMPTY}', `file:${join(dir, 'none')}`]);
    const { secrets } = world(() => ({ status: 200 }), {});
    await expect(secrets.value({ env: 'A' })).rejects.toMatchObject({
      name: 'SecretProblem',
      message: 'secret ${A} is missing',
    });
  });

  it('are `sink` where everything goes to a sink', async () => {
    const { secrets } = world(() => ({ status: 200 }), {}, true);
    expect(await secrets.value({ env: 'A' })).toBe('sink');
  });

  it('are put in at the attempt: escaped in an address, verbatim in a header', async () => {
    const { secrets, send, sent, clock } = world(() => ({ status: 204 }), { S: 'a&b=c/d' });
    const ref = { env: 'S' };
    await exchange(
      { method: 'GET', url: secretText`https://v.example/?s=${ref}&t=1`, headers: { authorization: bearer(ref) } },
      [],
      { send, secrets, now: () => clock.now },
    );
    expect(sent).toEqual([
      { method: 'GET', url: 'https://v.example/?s=a%26b%3Dc%2Fd&t=1', headers: { authorization: 'Bearer a&b=c/d' } },
    ]);
  });
});

describe('access tokens of service accounts (RFC 7523)', () => {
  const ok = () => ({ status: 200, body: JSON.stringify({ access_token: 'ya29.a', expires_in: 3600 }) });

  it('are asked for with a signed assertion, at Google and nowhere else', async () => {
    const { secrets, sent } = world(ok, { ACCOUNT });
    expect(await secrets.value(TOKEN)).toBe('ya29.a');
    expect(sent[0]).toMatchObject({ method: 'POST', url: 'https://oauth2.googleapis.com/token' });
    const form = new URLSearchParams(sent[0]?.body);
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(header)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'k1' });
    expect(read(claims)).toEqual({
      iss: 'gw@project.example',
      scope: TOKEN.scope,
      aud: 'https://oauth2.googleapis.com/token',
      iat: 1_800_000_000,
      exp: 1_800_003_600,
    });
    expect(
      createVerify('sha256').update(`${header}.${claims}`).verify(publicKey, Buffer.from(signature, 'base64url')),
    ).toBe(true);
  });

  it('are kept, and renewed once before they end, however many ask', async () => {
    const { secrets, sent, clock } = world(ok, { ACCOUNT });
    await Promise.all(Array.from({ length: 20 }, () => secrets.value(TOKEN)));
    expect(sent).toHaveLength(1);
    clock.now += 50 * 60_000;
    await secrets.value(TOKEN);
    expect(sent).toHaveLength(1);
    clock.now += 6 * 60_000;
    await Promise.all(Array.from({ length: 20 }, () => secrets.value(TOKEN)));
    expect(sent).toHaveLength(2);
  });

  it('stop the route when Google refuses the account, and when the JSON is none; without quoting it', async () => {
    const refused = world(() => ({ status: 400, body: '{"error":"invalid_grant"}' }), { ACCOUNT });
    await expect(refused.secrets.value(TOKEN)).rejects.toMatchObject({
      name: 'SecretProblem',
      message: 'secret ${ACCOUNT} has the wrong form, or is refused (HTTP 400)',
    });
    const broken = world(ok, { ACCOUNT: '{"private_key":"canary' });
    await expect(broken.secrets.value(TOKEN)).rejects.toThrow(/^secret \$\{ACCOUNT\} has the wrong form/);
  });

  it('are tried again when the endpoint has trouble', async () => {
    let status = 503;
    const { secrets } = world(() => ({ ...ok(), status }), { ACCOUNT });
    await expect(secrets.value(TOKEN)).rejects.toMatchObject({ code: 'ENOTOKEN' });
    status = 200;
    expect(await secrets.value(TOKEN)).toBe('ya29.a');
  });

  it('need neither credentials nor a token endpoint with a sink', async () => {
    const { secrets, sent } = world(() => ({ status: 204 }), {}, true);
    expect(await secrets.value(TOKEN)).toBe('sink');
    expect(new URLSearchParams(sent[0]?.body).get('assertion')?.split('.')).toHaveLength(3);
  });

  it('that the vendor no longer takes are renewed once (google-ads.md 2.7)', async () => {
    let tokens = 0;
    const { secrets, send, sent, clock } = world(
      ({ url }) =>
        url.includes('oauth2')
          ? { status: 200, body: JSON.stringify({ access_token: `t${++tokens}`, expires_in: 3600 }) }
          : { status: 401 },
      { ACCOUNT },
    );
    const reply = await exchange(
      {
        method: 'POST',
        url: 'https://datamanager.googleapis.com/v1/events:ingest',
        headers: { authorization: bearer(TOKEN) },
        body: '{}',
      },
      [],
      { send, secrets, now: () => clock.now },
    );
    expect(reply.status).toBe(401);
    expect(sent.filter(({ url }) => !url.includes('oauth2')).map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer t1',
      'Bearer t2',
    ]);
  });
});

describe('access tokens for a client id and a client secret (RFC 6749 4.4)', () => {
  const ok = () => ({ status: 200, body: JSON.stringify({ access_token: 'at-1', token_type: 'Bearer' }) });
  const CLIENT: AccessToken = {
    kind: 'oauth2-client',
    host: 'login.example.com',
    path: '/oauth2/token',
    clientId: 'shop:1',
    credentials: { env: 'SECRET' },
    method: 'client_secret_basic',
    scope: 'leads.write leads.read',
  };

  it('are asked for at the host that is named, id and secret encoded before they are joined (2.3.1)', async () => {
    const { secrets, sent } = world(ok, { SECRET: 'æ:/ %' });
    expect(await secrets.value(CLIENT)).toBe('at-1');
    // printf 'shop%%3A1:%%C3%%A6%%3A%%2F+%%25' | base64
    expect(sent).toEqual([
      {
        method: 'POST',
        url: 'https://login.example.com/oauth2/token',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'application/json',
          authorization: 'Basic c2hvcCUzQTE6JUMzJUE2JTNBJTJGKyUyNQ==',
        },
        body: 'grant_type=client_credentials&scope=leads.write+leads.read',
      },
    ]);
  });

  it('are asked for in the body where the endpoint wants that, and without a scope where there is none', async () => {
    const { secrets, sent } = world(ok, { SECRET: 'a&b=c' });
    await secrets.value({ ...CLIENT, method: 'client_secret_post', scope: undefined });
    expect(sent[0]?.headers).not.toHaveProperty('authorization');
    expect(sent[0]?.body).toBe('grant_type=client_credentials&client_id=shop%3A1&client_secret=a%26b%3Dc');
  });

  it('stop the route when the client is refused, and name the secret', async () => {
    const { secrets } = world(() => ({ status: 401, body: '{"error":"invalid_client"}' }), { SECRET: 'canary' });
    await expect(secrets.value(CLIENT)).rejects.toMatchObject({
      name: 'SecretProblem',
      message: 'secret ${SECRET} has the wrong form, or is refused (HTTP 401)',
    });
  });

  it('are never asked for in the own network, whatever the configuration says', async () => {
    const send = createSend({ version: '1.2.3' });
    const secrets = nodeSecrets({ sink: false, send, env: { SECRET: 'x' } });
    await expect(secrets.value({ ...CLIENT, host: 'localhost' })).rejects.toMatchObject({ name: 'AddressRefused' });
    send.close();
  });
});
