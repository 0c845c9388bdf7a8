import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DatabaseSync } from 'node:sqlite';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { until } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, temporary, type Served } from '../support/serve.ts';
import { deployed } from './programs.ts';

// The commands of docs/operate.md that touch the data directory, as they are written there. A folder stands for each
// machine; `systemctl` and `scp` are done by the test.

const PAGE = readFileSync(deployed('../docs/operate.md'), 'utf8');
const ORIGIN = 'https://shop.example.no';
const KEY = 'an-ingest-key-of-the-tests-0123456789-0123456789';
const GA4 = /google-analytics/;
const SITE = `
  - hosts: [shop.example.no]
    origins: [${ORIGIN}]
    country: NO
    ingest_keys: ['\${OPERATE_KEY}']
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001, api_secret: '\${GA4_API_SECRET}' }
`;
const ownId = (more = ''): string => `sites:${SITE}    cookies: { own_id: true${more} }\n`;

/** The commands of a section, a block each. */
function blocks(heading: string): string[][] {
  const from = PAGE.indexOf(`\n## ${heading}\n`);
  const section = PAGE.slice(from, PAGE.indexOf('\n## ', from + 1));
  return [...section.matchAll(/```sh\n([^]*?)```/g)].map(([, text = '']) => text.trim().split('\n'));
}

let vendors: Recorder;
let machines: Machine[];
let heal: () => void;
beforeEach(async () => {
  vendors = await startRecorder();
  machines = [];
  const ups = ['www.google-analytics.com', 'region1.google-analytics.com'].map((host) =>
    vendors.script(host, () => ({ status: 503 })),
  );
  heal = () => {
    for (const up of ups) up();
    vendors.clear();
  };
});
afterEach(async () => {
  for (const { gateway } of machines) await gateway?.stop('SIGKILL');
  await vendors.close();
});

/** A machine of the page: its files below a folder, a gateway on its /var/lib/portvakt. */
class Machine {
  readonly root = temporary();
  readonly data = join(this.root, 'var/lib/portvakt');
  config = ownId();
  env: Record<string, string> = {};
  gateway: Served | undefined;

  constructor() {
    for (const folder of ['var/lib', 'var/backups']) mkdirSync(join(this.root, folder), { recursive: true });
    machines.push(this);
  }

  get served(): Served {
    if (this.gateway === undefined) throw new Error('it does not run');
    return this.gateway;
  }

  async start(): Promise<void> {
    mkdirSync(this.data, { recursive: true, mode: 0o700 });
    const env = { OPERATE_KEY: KEY, ...this.env };
    this.gateway = await serve({ config: this.config, data: this.data, sink: vendors.url, env });
  }

  async stop(): Promise<void> {
    expect(await this.served.stop()).toBe(0);
    this.gateway = undefined;
  }

  /** Does what a block says. Gives what was printed. */
  async run(lines: readonly string[], other?: Machine): Promise<string> {
    let out = '';
    for (const line of lines) {
      const [program, ...words] = line.split(' ');
      if (line === 'systemctl stop portvakt') await this.stop();
      else if (line === 'systemctl start portvakt') await this.start();
      else if (program === 'scp' && other !== undefined) {
        const [from = '', to = ''] = words.slice(-2);
        cpSync(join(this.root, from), join(other.root, to.slice(to.indexOf(':') + 1)));
      } else out += this.#shell(line);
    }
    return out;
  }

  #shell(line: string): string {
    const here = line
      .replaceAll(/(?<=\s)\/var\//g, (path) => this.root + path)
      .replaceAll('portvakt:portvakt', `${process.getuid?.()}:${process.getgid?.()}`)
      .replaceAll(/-o portvakt -g portvakt /g, '');
    const { status, stdout, stderr } = spawnSync('sh', ['-euc', here], { encoding: 'utf8' });
    expect([line, status, stderr]).toEqual([line, 0, '']);
    return stdout;
  }
}

const REFUSED = {};
const ALLOWED = { statistics: true };
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** An event of a page; gives the cookie `pv_id`: the one that was set, else the one that was sent. */
async function visit(machine: Machine, name: string, cookie = '', choice: object = ALLOWED): Promise<string> {
  const answer = await ask(machine.served.url, {
    path: '/v1/events',
    headers: {
      host: 'shop.example.no',
      origin: ORIGIN,
      'content-type': 'application/json',
      'user-agent': AGENT,
      cookie: `${cookiebot(choice, Date.now() - 60_000)}; ${cookie}`,
    },
    body: JSON.stringify({ events: [{ name, page: { url: `${ORIGIN}/` } }] }),
  });
  expect(answer.status).toBe(204);
  const set = answer.setCookies.find((one) => one.startsWith('pv_id=') && !one.includes('Max-Age=0'));
  return set?.slice(0, set.indexOf(';')) ?? cookie;
}

/** An event of the back end, of the client that is named, with a consent of ten minutes ago. */
async function late(machine: Machine, name: string, clientId: string): Promise<void> {
  const visitor = { client_id: clientId, cookies: cookiebot(ALLOWED, Date.now() - 600_000), user_agent: AGENT };
  const answer = await ask(machine.served.url, {
    path: '/v1/events',
    headers: { host: 'shop.example.no', authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ events: [{ name, page: { url: `${ORIGIN}/` }, visitor }] }),
  });
  expect(answer.status).toBe(204);
}

/** The client id of an event that Google Analytics got; undefined where it got none of this name. */
function clientOf(name: string): string | undefined {
  for (const { host, query, body } of vendors.requests) {
    if (!GA4.test(host)) continue;
    for (const text of [query, body]) {
      if (text.includes(`en=${name}`)) return new URLSearchParams(query).get('cid') ?? undefined;
      if (text.includes(`"name":"${name}"`)) return (JSON.parse(text) as { client_id: string }).client_id;
    }
  }
  return undefined;
}

/** Whom an event with this cookie is of, for Google Analytics. */
async function known(machine: Machine, name: string, cookie: string): Promise<string | undefined> {
  await visit(machine, name, cookie);
  await until(`${name} is there`, () => clientOf(name) !== undefined);
  return clientOf(name);
}

it('moves to another machine: what waits is sent, withdrawals hold, cookies are accepted', {
  timeout: 180_000,
}, async () => {
  const [leave = [], arrive = []] = blocks('Move to another machine');
  const [old, fresh] = [new Machine(), new Machine()];
  await old.start();
  const anna = await visit(old, 'anna_waits');
  const seconds = Math.floor(Date.now() / 1000) - 86_400;
  const bo = `_ga=GA1.1.482310557.${seconds}`;
  await visit(old, 'bo_waits', bo);
  await visit(old, 'bo_refuses', bo, REFUSED);

  await old.run(leave, fresh);
  heal();
  await fresh.run(arrive);
  await until('what waited is sent', () => clientOf('anna_waits') !== undefined);
  // The new machine has not seen this withdrawal: it has read of it.
  await late(fresh, 'bo_is_late', `482310557.${seconds}`);
  await late(fresh, 'cid_is_late', `482310558.${seconds}`);
  await until('another one is sent', () => clientOf('cid_is_late') !== undefined);
  expect(await known(fresh, 'anna_again', anna)).toBe(clientOf('anna_waits'));
  expect(['bo_waits', 'bo_refuses', 'bo_is_late'].map(clientOf)).toEqual([undefined, undefined, undefined]);
});

it('is restored from its root key: cookies are accepted, by a file and by a variable', {
  timeout: 180_000,
}, async () => {
  const [keep = [], print = [], restore = []] = blocks('Back up and restore');
  const old = new Machine();
  heal();
  await old.start();
  const anna = await visit(old, 'anna_first');
  await until('the first is there', () => clientOf('anna_first') !== undefined);
  const id = clientOf('anna_first');
  await old.run(keep);
  const hex = await old.run(print);
  expect(hex).toMatch(/^[0-9a-f]{64}$/);

  const byFile = new Machine();
  cpSync(join(old.root, 'var/backups/portvakt-root.key'), join(byFile.root, 'var/backups/portvakt-root.key'));
  await byFile.run(restore);
  expect(await known(byFile, 'anna_by_file', anna)).toBe(id);

  const byVariable = new Machine();
  byVariable.config = `server: { root_key: '\${OPERATE_ROOT_KEY}' }\n${ownId()}`;
  byVariable.env = { OPERATE_ROOT_KEY: hex };
  await byVariable.start();
  expect(existsSync(join(byVariable.data, 'root.key'))).toBe(false);
  expect(await known(byVariable, 'anna_by_variable', anna)).toBe(id);

  // Without the key she is somebody else.
  const without = new Machine();
  await without.start();
  expect(await known(without, 'anna_without', anna)).not.toBe(id);
});

it('rolls back over a file of a newer version: 503 and untouched, then without what waited', {
  timeout: 180_000,
}, async () => {
  const [, aside = []] = blocks('Roll back');
  const machine = new Machine();
  heal();
  await machine.start();
  const anna = await visit(machine, 'anna_before');
  await until('the first is there', () => clientOf('anna_before') !== undefined);
  await machine.stop();
  const file = join(machine.data, 'outbox.sqlite');
  const written = new DatabaseSync(file);
  written.exec('PRAGMA user_version = 99');
  written.close();

  await machine.start();
  expect((await ask(machine.served.url, { method: 'GET', path: '/readyz' })).status).toBe(503);
  await machine.run(aside);
  expect(await known(machine, 'anna_after', anna)).toBe(clientOf('anna_before'));
  const left = new DatabaseSync(join(machine.data, 'aside/outbox.sqlite'));
  expect(left.prepare('PRAGMA user_version').get()).toEqual({ user_version: 99 });
  left.close();
});

it('rotates: signing keys at no cost, the root key for new ids', { timeout: 180_000 }, async () => {
  const [replace = []] = blocks('Rotate keys');
  const machine = new Machine();
  heal();
  const signing = (...names: string[]): string => {
    for (const name of names) {
      const file = join(machine.root, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `a signing key of the tests, named ${name}`);
      chmodSync(file, 0o600);
    }
    return ownId(`, keys: [${names.map((name) => `'file:${join(machine.root, name)}'`).join(', ')}]`);
  };
  /** Writes the configuration and waits until it is in force. */
  const reload = async (config: string): Promise<void> => {
    const said = () => machine.served.log().split('"configuration reloaded"').length;
    const before = said();
    writeFileSync(join(machine.data, 'gateway.yaml'), config);
    machine.served.child.kill('SIGHUP');
    await until('it is in force', () => said() > before);
  };

  machine.config = signing('old');
  await machine.start();
  const anna = await visit(machine, 'anna_old');
  await until('the first is there', () => clientOf('anna_old') !== undefined);
  const id = clientOf('anna_old');
  await reload(signing('new', 'old'));
  const renewed = await visit(machine, 'anna_both', anna);
  expect(renewed).not.toBe(anna);
  await reload(signing('new'));
  expect(await known(machine, 'anna_new', renewed)).toBe(id);
  expect(await known(machine, 'anna_too_late', anna)).not.toBe(id);

  await reload(ownId());
  const cookie = await visit(machine, 'bo_before');
  await until('the other is there', () => clientOf('bo_before') !== undefined);
  machine.config = ownId();
  await machine.run(replace);
  expect(await known(machine, 'bo_after', cookie)).not.toBe(clientOf('bo_before'));
});
