import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run as build } from '../../src/cli/build.ts';
import { freePort } from '../../src/demo/free-ports.ts';
import { ask } from '../support/ask.ts';
import { until } from '../support/metrics.ts';
import { temporary } from '../support/serve.ts';
import { HOSTS, missing, ROOT } from './engines.ts';

let said: string[] = [];
let complained: string[] = [];
beforeEach(() => {
  [said, complained] = [[], []];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void said.push(text));
  vi.spyOn(console, 'error').mockImplementation((text: string) => void complained.push(text));
});
afterEach(() => vi.restoreAllMocks());

const CONFIG = `sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}", region: eu }
      meta: { pixel_id: "1234567890123456", access_token: "file:/etc/portvakt/meta token" }
      crm:
        type: http
        host: crm.example.com
        path: /in
        needs: [ad_storage, ad_user_data]
        recipient: { name: Example CRM, country: NO, purpose: sales }
        events: [generate_lead]
        body: json
        fields: [page_location]
        map: { Page: page.url }
        auth: { oauth2: { host: login.example.com, path: /token, client_id: portvakt, client_secret: "\${CRM_SECRET}" } }
`;

function written(config: string): { file: string; folder: string; data: string } {
  const folder = temporary();
  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, config);
  return { file, folder, data: join(folder, 'data') };
}

/** The options of the printed command, by name. */
function allowed(command: string): Record<string, readonly string[]> {
  const options = [...command.matchAll(/--allow-(\w+)=([^\n]*?)'? \\$/gm)];
  return Object.fromEntries(options.map(([, name = '', list = '']) => [name, list.split(',')]));
}

describe('portvakt build --target deno', () => {
  it('allows the hosts of the vendors, the variables and files of the secrets, the data directory, and nothing else', async () => {
    const { file, folder, data } = written(CONFIG);
    expect(await build([file, '--target', 'deno', '--data', data])).toBe(0);
    const { read, write, env, net } = allowed(said.join('\n'));
    expect(read).toEqual([ROOT, folder, data, '/etc/portvakt/meta token']);
    expect(write).toEqual([data]);
    expect(env).toEqual(expect.arrayContaining(['GA4_API_SECRET', 'CRM_SECRET', 'PORTVAKT_ADMIN_TOKEN']));
    // `destinations/ga4.md` 1, `destinations/meta.md` 1, and both hosts of the CRM.
    expect(net?.toSorted()).toEqual([
      '127.0.0.1:8080',
      '127.0.0.1:9090',
      'crm.example.com',
      'graph.facebook.com',
      'login.example.com',
      'region1.google-analytics.com',
    ]);
    expect(said.join('\n')).toContain("'--allow-read=");
  });

  it.each([
    [['--target', 'deno', '--zone', 'example.no'], '--zone has no meaning with --target deno'],
    [['--target', 'workers', '--listen', '127.0.0.1:1'], '--listen has no meaning with --target workers'],
    // The part before the comma would be another path, with permissions of its own.
    [['--target', 'deno', '--data', '/srv/a,b'], '/srv/a,b: for Deno, a comma ends a path'],
    [['--target', 'lambda'], '--target lambda is unknown: write --target workers or deno'],
    [[], '--target is missing: write --target workers or deno'],
  ])('says what is wrong with %j', async (args, message) => {
    await expect(build([written(CONFIG).file, ...args])).rejects.toThrow(message);
  });

  it('refuses a configuration that cannot be used, with its line', async () => {
    const { file } = written(CONFIG.replace('country: NO', 'country: Norway'));
    expect(await build([file, '--target', 'deno'])).toBe(2);
    expect(said).toEqual([]);
    expect(complained.join('\n')).toContain(`${file}:4:`);
  });

  it('refuses an outbox that was never tried on Deno', async () => {
    const nats = `server: { root_key: "\${ROOT_KEY}" }
delivery:
  outbox: { engine: nats, servers: ["tls://nats-0:4222", "tls://nats-1:4222", "tls://nats-2:4222"], monitor: ["http://nats-0:8222", "http://nats-1:8222", "http://nats-2:8222"] }
${CONFIG}`;
    await expect(build([written(nats).file, '--target', 'deno'])).rejects.toThrow(/NATS was never tried on Deno/);
  });

  const deno = HOSTS.find(({ name }) => name === 'deno')?.program;
  it.skipIf(missing(deno, 'deno'))('what it prints starts a gateway that takes hits', { timeout: 90_000 }, async () => {
    const config = CONFIG.replace('"file:/etc/portvakt/meta token"', '"${META_ACCESS_TOKEN}"');
    const { file, data } = written(config);
    const [listen, admin] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    expect(await build([file, '--target', 'deno', '--data', data, '--listen', listen, '--admin', admin])).toBe(0);
    const secrets = { GA4_API_SECRET: 's', META_ACCESS_TOKEN: 's', CRM_SECRET: 's' };
    const PATH = `${dirname(deno as string)}${delimiter}${process.env['PATH']}`;
    const child = spawn('sh', ['-c', `exec ${said.join('\n')}`], { env: { ...process.env, ...secrets, PATH } });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (log += String(text)));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    try {
      await until(
        'the gateway listens or ends',
        () => /"msg":"listening"/.test(log) || child.exitCode !== null,
        60_000,
      );
      const headers = { host: 'shop.example.no', origin: 'https://shop.example.no' };
      const path = '/g/collect?v=2&tid=G-TEST000001&cid=1.1700000000&en=page_view&dl=https%3A%2F%2Fshop.example.no%2F';
      expect((await ask(`http://${listen}`, { method: 'POST', path, headers })).status).toBe(204);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended, log).toBe(0);
    expect(log).not.toMatch(/NotCapable|"level":"error"/);
  });
});
