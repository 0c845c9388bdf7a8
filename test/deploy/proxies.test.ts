import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { PROTOCOLS } from '../../src/protocols/index.ts';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { until } from '../support/metrics.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, temporary, type Served } from '../support/serve.ts';
import { freePort } from '../../src/demo/free-ports.ts';
import { absent, deployed, program } from './programs.ts';

// deploy/nginx and deploy/caddy: the checker of each, and hits and pages of a shop through them. The README shows the same lines.

const HOST = 'shop.example.no';
const text = (file: string): string => readFileSync(deployed(file), 'utf8');
const README = text('../README.md');
/** The lines of a text without their indentation. */
const lines = (of: string): string[] => of.split('\n').map((line) => line.trim());
const block = (language: string, n = 0): string =>
  [...README.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))][n]?.[1] ?? '';
/** Every path at which something is read or served; those with a fixed answer are for `test/http/tag-paths.test.ts`. */
const PATHS = PROTOCOLS.flatMap(({ doors, scripts = [] }) => [
  ...doors.filter(({ does }) => typeof does === 'string').flatMap(({ paths }) => paths),
  ...scripts.map(({ path }) => path),
]);

let vendors: Recorder;
let shop: Recorder;
let gateway: Served;
const proxies: ChildProcess[] = [];
const dir = temporary();

beforeAll(async () => {
  vendors = await startRecorder();
  shop = await startRecorder();
  const env = { GA4_API_SECRET: 'a secret' };
  gateway = await serve({ config: text('gateway.yaml'), sink: vendors.url, env });
}, 120_000);
afterAll(async () => {
  for (const proxy of proxies) proxy.kill('SIGTERM');
  await gateway.stop();
  await Promise.all([vendors.close(), shop.close()]);
});

const moved = (of: string): string =>
  of
    .replaceAll('127.0.0.1:8080', gateway.url.replace('http://', ''))
    .replaceAll('127.0.0.1:3000', shop.url.replace('http://', ''));

/** Sends GET and gives status; the proxy's certificate is the test's own. */
type Get = (path: string, headers?: Readonly<Record<string, string>>) => Promise<number>;

/** What is of the visitor of `passesOn`, and in no log. */
const TRACES = ['482310557', '203.0.113.9', 'page_view', 'CookieConsent'];

/** What holds behind either: each path where it belongs. Gives what of the visitor is in the log. */
async function passesOn(get: Get, log: () => string): Promise<string[]> {
  const headers = { 'x-forwarded-for': '203.0.113.9' };
  await until('the shop is there', () =>
    get('/ready', headers)
      .then((status) => status === 204)
      .catch(() => false),
  );
  const [first] = shop.requests;
  expect(first?.headers['host']).toBe(HOST);

  for (const path of PATHS) await get(path);
  expect(shop.requests.filter(({ host, path }) => PATHS.includes(`/${host}${path}`))).toEqual([]);

  const before = vendors.requests.length;
  const seconds = Math.floor(Date.now() / 1000) - 60;
  const cookie = `${cookiebot({ statistics: true }, seconds * 1000)}; _ga=GA1.1.482310557.${seconds}`;
  const hit = `/g/collect?v=2&tid=G-TEST000001&cid=482310557.${seconds}&_p=1&en=page_view&dl=https%3A%2F%2F${HOST}%2F`;
  expect(await get(hit, { ...headers, cookie, origin: `https://${HOST}` })).toBe(204);
  await vendors.waitFor(before + 1, { ms: 60_000 });

  await until('the log has the hit', () => log().includes('/g/collect'));
  return TRACES.filter((trace) => log().includes(trace));
}

describe.skipIf(absent('nginx'))('nginx', () => {
  /** The files as nginx has them in /etc/nginx, in a folder, with what is not here replaced. */
  const written = (port: number): string => {
    const here = (file: string) => moved(text(file)).replaceAll('/var/log/nginx/', `${dir}/`);
    writeFileSync(join(dir, 'portvakt.conf'), here('nginx/portvakt.conf'));
    const site = here('nginx/shop.conf')
      .replace('listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`)
      .replaceAll('/etc/ssl/shop.example.no/', `${dir}/`);
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${dir}/${one};`);
    const file = join(dir, 'nginx.conf');
    writeFileSync(
      file,
      `daemon off; pid ${dir}/pid;\nevents {}\nhttp {\naccess_log off; ${temp.join(' ')}\n${site}}\n`,
    );
    return file;
  };

  beforeAll(() => {
    const files = ['-keyout', join(dir, 'privkey.pem'), '-out', join(dir, 'fullchain.pem')];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    expect(spawnSync('openssl', [...made, '-subj', `/CN=${HOST}`, ...files]).status).toBe(0);
  });

  it('passes hits on, and the shop its pages', { timeout: 120_000 }, async () => {
    const port = await freePort();
    const args = ['-p', dir, '-c', written(port), '-e', join(dir, 'error.log')];
    const checked = spawnSync(program('nginx'), ['-t', ...args], { encoding: 'utf8' });
    expect([checked.status, checked.stderr]).toEqual([0, expect.not.stringContaining('[warn]')]);
    proxies.push(spawn(program('nginx'), args, { stdio: 'ignore' }));
    const get: Get = (path, headers = {}) =>
      new Promise((resolve, reject) => {
        request(
          {
            host: '127.0.0.1',
            port,
            path,
            servername: HOST,
            rejectUnauthorized: false,
            headers: { host: HOST, ...headers },
          },
          (answer) => answer.resume().on('end', () => resolve(answer.statusCode ?? 0)),
        )
          .on('error', reject)
          .end();
      });
    expect(await passesOn(get, () => readFileSync(join(dir, 'collect.log'), 'utf8'))).toEqual([]);
  });

  it('has the lines of the README', () => {
    expect(text('nginx/portvakt.conf')).toBe(block('nginx', 1));
    expect(lines(text('nginx/shop.conf'))).toEqual(expect.arrayContaining(lines(block('nginx'))));
  });
});

describe.skipIf(absent('caddy'))('Caddy', () => {
  const file = deployed('caddy/Caddyfile');
  const caddy = (...args: string[]) => spawnSync(program('caddy'), args, { encoding: 'utf8' });

  it('takes the file, and would write it so', () => {
    const { status, stdout, stderr } = caddy('validate', '--adapter', 'caddyfile', '--config', file);
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining('Valid configuration')]);
    expect(caddy('fmt', file).stdout).toBe(text('caddy/Caddyfile'));
  });

  it('passes hits on, and the shop its pages', { timeout: 120_000 }, async () => {
    const port = await freePort();
    const config = join(dir, 'Caddyfile');
    const site = moved(text('caddy/Caddyfile')).replace(`${HOST} {`, `http://${HOST} {\n\tbind 127.0.0.1`);
    writeFileSync(config, `{\n\tadmin off\n\thttp_port ${port}\n}\n${site}`);
    const run = spawn(program('caddy'), ['run', '--adapter', 'caddyfile', '--config', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir },
    });
    proxies.push(run);
    let log = '';
    run.stderr.setEncoding('utf8').on('data', (some: string) => (log += some));
    const get: Get = async (path, headers = {}) =>
      (await ask(`http://127.0.0.1:${port}`, { method: 'GET', path, headers: { host: HOST, ...headers } })).status;
    expect(await passesOn(get, () => log)).toEqual([]);
  });

  it('has the lines of the README', () => {
    expect(lines(text('caddy/Caddyfile'))).toEqual(expect.arrayContaining(lines(block('caddyfile'))));
  });
});

describe('an Ingress', () => {
  interface Ingress {
    readonly kind: string;
    readonly spec: { readonly rules: { readonly http: { readonly paths: { readonly path: string }[] } }[] };
  }
  it('has every path, as nginx has', () => {
    const all = parseAllDocuments(text('kubernetes/one-gateway.yaml')).map((one) => one.toJS() as Ingress);
    const { spec } = all.find(({ kind }) => kind === 'Ingress') as Ingress;
    const paths = spec.rules.flatMap(({ http }) => http.paths.map(({ path }) => path));
    expect(paths).toEqual([...text('nginx/shop.conf').matchAll(/\^~ (\S+)/g)].map(([, path]) => path));
    expect(PATHS.filter((path) => !paths.some((prefix) => path.startsWith(prefix)))).toEqual([]);
  });
});
