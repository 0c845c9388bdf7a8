import { nkeys } from '@nats-io/transport-node';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { until } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, temporary, type Served } from '../support/serve.ts';
import { startBrokers, type Brokers } from './brokers.ts';
import { absent, deployed } from './programs.ts';

// Brokers with TLS and credentials, as docs/operate.md has them; operator, accounts and user are made as `nsc` makes them.

const PAGE = readFileSync(deployed('../docs/operate.md'), 'utf8');
const [SERVER = '', CLUSTER = ''] = [...PAGE.matchAll(/```conf\n([^]*?)```/g)].map(([, text = '']) => text);
const NO_LIMITS = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
const JETSTREAM = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

const { createAccount, createOperator, createUser } = nkeys;
const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64url');

/** What `by` says of whoever has the key `sub` (NATS' JWT, version 2). */
function claim(by: nkeys.KeyPair, sub: string, nats: object): string {
  const head = base64(JSON.stringify({ typ: 'JWT', alg: 'ed25519-nkey' }));
  const claims = { jti: sub, iat: Math.floor(Date.now() / 1000), iss: by.getPublicKey(), name: sub, sub };
  const text = `${head}.${base64(JSON.stringify({ ...claims, nats: { version: 2, ...nats } }))}`;
  return `${text}.${base64(by.sign(Buffer.from(text)))}`;
}

const [operator, account, system] = [createOperator(), createAccount(), createAccount()];

/** A file of credentials for a user that an account answers for. */
function credentialsBy(of: nkeys.KeyPair): string {
  const user = createUser();
  const said = claim(of, user.getPublicKey(), { type: 'user', subs: -1, data: -1, payload: -1 });
  const block = (name: string, text: string): string => `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n`;
  return `${block('NATS USER JWT', said)}\n${block('USER NKEY SEED', Buffer.from(user.getSeed()).toString())}`;
}

function resolver(): string {
  const own = { type: 'operator', system_account: system.getPublicKey() };
  const accounts = [
    [account, { ...NO_LIMITS, ...JETSTREAM }],
    [system, NO_LIMITS],
  ] as const;
  const known = accounts.map(([key, limits]) => {
    const id = key.getPublicKey();
    return `${id}: ${claim(operator, id, { type: 'account', limits })}`;
  });
  return [
    `operator: ${claim(operator, operator.getPublicKey(), own)}`,
    `system_account: ${system.getPublicKey()}`,
    'resolver: MEMORY',
    `resolver_preload: { ${known.join(', ')} }`,
  ].join('\n');
}

describe.skipIf(absent('nats-server'))('brokers with TLS and credentials', () => {
  const dir = temporary();
  let brokers: Brokers;
  let vendors: Recorder;
  let gateway: Served | undefined;

  beforeAll(async () => {
    const names = [
      '-keyout',
      join(dir, 'tls.key'),
      '-out',
      join(dir, 'tls.crt'),
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
    ];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    expect(spawnSync('openssl', [...made, '-subj', '/CN=nats', ...names]).status).toBe(0);
    writeFileSync(join(dir, 'ca.crt'), readFileSync(join(dir, 'tls.crt')));
    const here = (text: string): string => text.replaceAll('/etc/nats/', `${dir}/`);
    const conf = readFileSync(deployed('nats/nats.conf'), 'utf8').replace('cluster {', `cluster {\n${here(CLUSTER)}`);
    vendors = await startRecorder();
    brokers = await startBrokers(`${conf}\n${here(SERVER).replace('include resolver.conf', resolver())}`);
  }, 300_000);
  afterAll(async () => {
    await gateway?.stop('SIGKILL');
    brokers.stop();
    await vendors.close();
  });

  const start = (credentials: string, more: Readonly<Record<string, string>> = {}): Promise<Served> => {
    const text = brokers
      .moved(readFileSync(deployed('cluster-gateway.yaml'), 'utf8'))
      .replaceAll('nats://127.0.0.1', 'tls://localhost')
      .replace('engine: nats', 'engine: nats\n    credentials: ${NATS_CREDS}');
    const env = { GA4_API_SECRET: 'a secret', PORTVAKT_ROOT_KEY: '6b'.repeat(32), NATS_CREDS: credentials, ...more };
    return serve({ config: text, env, sink: vendors.url });
  };
  const ca = { NODE_EXTRA_CA_CERTS: join(dir, 'ca.crt') };

  it('take a gateway that has both', { timeout: 200_000 }, async () => {
    gateway = await start(credentialsBy(account), ca);
    const ready = async (): Promise<boolean> =>
      (await ask((gateway as Served).url, { method: 'GET', path: '/readyz' })).status === 200;
    await until('it is ready', ready, 120_000);
  });

  it('take none with credentials of another account', { timeout: 120_000 }, async () => {
    await expect(start(credentialsBy(createAccount()), ca)).rejects.toThrow('refuse delivery.outbox.credentials');
  });

  it('are not trusted by one that does not know who signed their certificate', { timeout: 120_000 }, async () => {
    const stranger = await start(credentialsBy(account));
    expect((await ask(stranger.url, { method: 'GET', path: '/readyz' })).status).toBe(503);
    expect(stranger.log()).toContain('self-signed certificate');
    await stranger.stop('SIGKILL');
  });
});
