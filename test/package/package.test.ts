import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anchorsOf } from '../support/anchors.ts';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { VENDORS } from '../support/vendors.ts';
import { build, jsonArguments, moved, readStages, type Stage } from './dockerfile.ts';

// The container image without an engine: the lines of the Dockerfile are run one after the other, and the result is
// started as the image starts it, on a read-only root file system if this machine allows that.

const root = join(import.meta.dirname, '../..');
const stages = readStages(readFileSync(join(root, 'Dockerfile'), 'utf8'));
const last = stages.at(-1) as Stage;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}
const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const ours = json(join(root, 'package.json')) as Manifest;

/** Every file below a folder, relative to it. */
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));

let folder = '';
let image = '';
let installed = '';
const inImage = (path: string) => moved(path, image);
const imageEnvironment = Object.fromEntries(
  last.instructions.filter(({ keyword }) => keyword === 'ENV').map(({ rest }) => rest.split('=')),
) as Readonly<Record<string, string>>;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'portvakt-image-')));
  image = build(stages, root, folder);
  installed = join(image, 'app/node_modules/portvakt');
  // What the base image brings.
  mkdirSync(join(image, 'nodejs/bin'), { recursive: true });
  copyFileSync(process.execPath, join(image, 'nodejs/bin/node'));
  mkdirSync(join(image, 'etc/portvakt'), { recursive: true });
}, 600_000);

afterAll(() => {
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

describe('the image', () => {
  it('has no shell, is not root, and has one place to write', () => {
    expect(last.base).toMatch(/^gcr\.io\/distroless\/nodejs24-debian\d+:nonroot(@sha256:[0-9a-f]{64})?$/);
    const of = (keyword: string) => last.instructions.filter((one) => one.keyword === keyword).map(({ rest }) => rest);
    expect(of('RUN')).toEqual([]);
    expect(of('USER')).toEqual(['65532:65532']);
    expect(of('VOLUME')).toEqual(['/data']);
    // Without a shell, only the JSON forms run.
    for (const keyword of ['ENTRYPOINT', 'CMD', 'HEALTHCHECK']) expect(jsonArguments(last, keyword)).not.toEqual([]);
  });

  it('bounds memory that is not used', () => {
    expect(imageEnvironment).toEqual({ MALLOC_ARENA_MAX: '2' });
    // Every process of it and every thread takes these from the first.
    const [, ...flags] = jsonArguments(last, 'ENTRYPOINT').slice(0, -1);
    const limits = `require('node:v8').getHeapSpaceStatistics().find((s) => s.space_name === 'new_space').space_size`;
    const grown = `let k; for (let i = 0; i < 2e7; i++) { (k ??= [])[i % 60000] = { i }; } console.log(${limits})`;
    const grow = (...args: string[]) =>
      Number(spawnSync(process.execPath, [...args, '-e', grown], { encoding: 'utf8' }).stdout) / 2 ** 20;
    const bounded = grow(...flags);
    expect(bounded).toBeGreaterThan(0);
    expect(bounded).toBeLessThanOrEqual(32);
  });

  it('is built by the major version of Node it runs on', () => {
    const majors = stages.map(({ base }) => /node(?:js)?:?(\d+)/.exec(base)?.[1]);
    expect(new Set(majors)).toEqual(new Set([process.versions.node.split('.')[0]]));
  });
});

describe('the installed packages', () => {
  const manifests = () =>
    filesBelow(join(image, 'app/node_modules'))
      .filter((file) => /^((@[^/]+\/)?[^/@]+\/)(node_modules\/(@[^/]+\/)?[^/]+\/)*package\.json$/.test(file))
      .map((file) => json(join(image, 'app/node_modules', file)) as Manifest);
  /** All of them permit use in a program under MIT without conditions on that program. */
  const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'Unlicense'];

  it('are ten dependencies at most, and what those need', () => {
    const direct = Object.keys(ours.dependencies ?? {});
    expect(direct.length).toBeLessThanOrEqual(10);
    const names = manifests().map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(direct));
    const optional = Object.keys(ours.optionalDependencies ?? {});
    for (const name of Object.keys(ours.devDependencies ?? {}))
      if (!optional.includes(name)) expect(names).not.toContain(name);
    const needed = new Set([
      'portvakt',
      ...optional,
      ...manifests().flatMap(({ dependencies = {} }) => Object.keys(dependencies)),
    ]);
    expect(names.filter((name) => !needed.has(name))).toEqual([]);
  });

  it('are under permissive licences', () => {
    expect(manifests().length).toBeGreaterThan(10);
    for (const { name, license } of manifests())
      expect([name, PERMISSIVE.includes(license ?? '')]).toEqual([name, true]);
  });

  it('are the versions the lock file names', () => {
    const { packages } = json(join(root, 'package-lock.json')) as { packages: Record<string, { version: string }> };
    const others = manifests().filter(({ name }) => name !== 'portvakt');
    expect(others.length).toBeGreaterThan(10);
    for (const { name, version } of others)
      expect([name, version]).toEqual([name, packages[`node_modules/${name}`]?.version]);
  });

  it('run nothing when they are installed', () => {
    for (const { name, scripts = {} } of manifests()) {
      expect([name, Object.keys(scripts).filter((key) => /^(pre|post)?install$/.test(key))]).toEqual([name, []]);
    }
  });
});

describe('the package', () => {
  it('holds the program, its configuration and its documentation, and nothing else', () => {
    const files = filesBelow(installed);
    expect(files).toEqual(
      expect.arrayContaining([
        'README.md',
        'LICENSE',
        'CHANGELOG.md',
        'SECURITY.md',
        // Made by `npm pack` itself, so that it is in every package and not only in that of the image.
        'npm-shrinkwrap.json',
        'config/gateway.yaml',
        'config/schema.json',
        // `portvakt/pv`, for a site's own TypeScript.
        'tag/pv.d.ts',
      ]),
    );
    const expected =
      /^(dist\/[\w.-]+\.js|dist\/workers\/worker\.js|dist\/types\/[\w./-]+\.d\.ts|dist\/THIRD-PARTY-LICENSES\.txt|config\/.*\.(yaml|json|md)|docs\/.*\.md|deploy\/([a-z]+\/)?[\w.-]+\.(ya?ml|conf|service|md)|deploy\/caddy\/(?:[\w-]+\.)?Caddyfile|destinations\/[^/]+\/README\.md|tag\/pv\.d\.ts|[A-Z]+(\.md)?|package\.json|npm-shrinkwrap\.json)$/;
    expect(files.filter((file) => !expected.test(file))).toEqual([]);
  });

  it('holds the code of its dependencies, so that a start opens few files', () => {
    // What is for other runtimes is a file each, which Node does not open.
    const elsewhere = new Set(['workers/worker.js', 'web.js']);
    const files = filesBelow(join(installed, 'dist')).filter((file) => file.endsWith('.js') && !elsewhere.has(file));
    expect(files.length).toBeLessThan(120);
    const wanted = files.flatMap((file) => {
      const text = readFileSync(join(installed, 'dist', file), 'utf8');
      const found = text.matchAll(/^(?:import|export)\b[^;]*?"([^"]+)";?$|(?:\bimport|__require)\("([^"]+)"\)/gm);
      return [...found].map(([, by, called]) => by ?? called ?? '');
    });
    const [own, others] = [true, false].map((own) => wanted.filter((target) => target.startsWith('./') === own));
    expect(own?.length).toBeGreaterThan(50);
    expect(own?.filter((target) => !files.includes(target.slice(2)))).toEqual([]);
    expect(others).toContain('node:net');
    expect(others?.filter((target) => !isBuiltin(target))).toEqual([]);
  });

  it('holds the licence of every dependency whose code is in it', () => {
    const text = readFileSync(join(installed, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    expect(Object.keys(dependencies)).toHaveLength(10);
    // Of the other packages one has code in these files (README.md, "How it is built").
    const sealing = { '@noble/ciphers': ours.devDependencies?.['@noble/ciphers'] };
    for (const [name, version] of Object.entries({ ...dependencies, ...sealing }))
      expect(text).toContain(`${name} ${version} (`);
    // What they bring: prom-client's own.
    expect(text).toContain('tdigest ');
    expect(text.match(/Permission is hereby granted|Permission to use|TERMS AND CONDITIONS/g)?.length).toBeGreaterThan(
      11,
    );
  });

  it('has no link in its documentation that leads nowhere', () => {
    const documents = filesBelow(installed).filter((file) => file.endsWith('.md'));
    const links = documents.flatMap((document) =>
      [...readFileSync(join(installed, document), 'utf8').matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(
        ([, target = '']) => ({ document, target }),
      ),
    );
    expect(documents.length).toBeGreaterThan(10);
    expect(links.length).toBeGreaterThan(30);
    const dead = links.filter(({ document, target }) => {
      const [path = '', heading] = target.split('#');
      const file = path === '' ? document : join(dirname(document), path);
      if (file.startsWith('..') || !existsSync(join(installed, file))) return true;
      return heading !== undefined && !anchorsOf(readFileSync(join(installed, file), 'utf8')).includes(heading);
    });
    expect(dead).toEqual([]);
  });

  it('names no place of the machine it was made on', () => {
    const places = [folder, root, homedir()].filter((place) => place !== '/');
    for (const file of filesBelow(installed)) {
      const text = readFileSync(join(installed, file), 'utf8');
      expect([file, places.filter((place) => text.includes(`${place}/`))]).toEqual([file, []]);
    }
  });
});

/** A command of the image, run to its end in a folder of its own. */
function portvakt(...args: string[]): { code: number | null; out: string; err: string; left: string[] } {
  const cwd = mkdtempSync(join(folder, 'cwd-'));
  const [program = '', ...fixed] = jsonArguments(last, 'ENTRYPOINT').map(inImage);
  const { status, stdout, stderr } = spawnSync(program, [...fixed, ...args], {
    cwd,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, out: stdout, err: stderr, left: filesBelow(cwd) };
}

describe('the command line of the image', () => {
  it('knows its version, under its name too', () => {
    expect(portvakt('--version')).toEqual({ code: 0, out: `${ours.version}\n`, err: '', left: [] });
    const byName = spawnSync(join(image, 'app/node_modules/.bin/portvakt'), ['--version'], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${join(image, 'nodejs/bin')}:${process.env['PATH']}` },
    });
    expect([byName.status, byName.stdout]).toEqual([0, `${ours.version}\n`]);
  });

  it('has every command', () => {
    const { out } = portvakt('--help');
    const commands = [...out.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name as string);
    expect(commands).toEqual(expect.arrayContaining(['serve', 'lint', 'explain', 'test', 'docs', 'outbox']));
    // A usage error comes from the command's own module, so that module was there.
    for (const name of commands) expect([name, portvakt(name, '--no-such-option').code]).toEqual([name, 2]);
  });

  it('builds for Workers with nothing but itself', () => {
    const out = join(folder, 'worker');
    const config = join(installed, 'config/gateway.yaml');
    expect(portvakt('build', config, '--target', 'workers', '--out', out).code).toBe(0);
    expect(readFileSync(join(out, 'worker.js'))).toEqual(readFileSync(join(installed, 'dist/workers/worker.js')));
  });

  it('is imported as `portvakt/web`, with its types', () => {
    const app = join(image, 'app');
    writeFileSync(
      join(app, 'try-web.mts'),
      `import { createFetch, makeGateway, MemoryOutbox, Runner, storePolicyOf, webSecrets, webSend } from 'portvakt/web';
const text = 'sites: [{ hosts: [shop.example.no], country: NO, consent: { cmp: [cookiebot] } }]';
const gateway = makeGateway(text, { file: 'gateway.yaml', secret: () => undefined, rootKey: new Uint8Array(32) });
const policy = storePolicyOf(gateway, true);
const send = webSend({ version: 'test' });
const outbox = new Runner(gateway, { store: new MemoryOutbox(() => policy, Date.now), send, secrets: webSecrets(() => undefined, send), log: () => {} });
const { fetch } = createFetch({ gateway, outbox });
console.log((await fetch(new Request('https://shop.example.no/readyz'))).status);
await outbox.stop(0);
`,
    );
    const own = ['--module', 'nodenext', '--target', 'es2024', '--lib', 'es2024,dom,dom.iterable', '--skipLibCheck'];
    const tsc = spawnSync(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--types', '', ...own, 'try-web.mts'],
      { cwd: app, encoding: 'utf8' },
    );
    expect(tsc.stdout).toBe('');
    const ran = spawnSync(process.execPath, ['try-web.mts'], { cwd: app, encoding: 'utf8', timeout: 60_000 });
    expect([ran.stdout.trim(), ran.stderr]).toEqual(['200', '']);
    rmSync(join(app, 'try-web.mts'));
  });

  it('lints, tests and explains the configurations it ships', () => {
    const config = join(installed, 'config/gateway.yaml');
    expect(portvakt('lint', config)).toMatchObject({ code: 0, left: [] });
    expect(portvakt('test', join(installed, 'config/presets/strict.test.yaml'))).toMatchObject({ code: 0, left: [] });
    const hit = 'https://shop.example.no/g/collect?v=2&tid=G-TEST000001&cid=1.2&en=page_view';
    const explained = portvakt('explain', config, 'curl', hit, '-H', 'Origin: https://shop.example.no');
    expect(explained).toMatchObject({ code: 0, err: '', left: [] });
    expect(explained.out).toContain('ga4');
    expect(explained.out).toContain('blocked');
  });

  it('is upgraded as docs/operate.md says: put over the one before, and the configuration checked', () => {
    const page = readFileSync(join(root, 'docs/operate.md'), 'utf8');
    const [install = '', lint = ''] = /\n## Upgrade\n[^]*?```sh\n([^]*?)```/.exec(page)?.[1]?.split('\n') ?? [];
    const machine = mkdtempSync(join(folder, 'machine-'));
    const [tarball = ''] = filesBelow(folder).filter((file) => file.endsWith(`portvakt-${ours.version}.tgz`));
    copyFileSync(join(folder, tarball), join(machine, `portvakt-${ours.version}.tgz`));
    mkdirSync(join(machine, 'etc/portvakt'), { recursive: true });
    copyFileSync(join(installed, 'config/gateway.yaml'), join(machine, 'etc/portvakt/gateway.yaml'));
    const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
    for (const line of [install, install, lint]) {
      const { status, stderr } = spawnSync('sh', ['-ec', moved(line, machine)], {
        cwd: machine,
        encoding: 'utf8',
        env,
      });
      expect([line, status, stderr]).toEqual([line, 0, '']);
    }
    expect(lint).toContain('portvakt lint');
  });

  it('says that the demo needs a checkout', () => {
    const { code, err, left } = portvakt('demo');
    expect([code, left]).toEqual([2, []]);
    expect(err).toContain('npm ci && npm start');
  });
});

describe.each([
  ['the gateway of the image', []],
  ['the gateway of the image with two processes', ['--processes', '2']],
] as const)('%s', (_, more) => {
  const SITE = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4:
        measurement_id: G-TEST000001
        api_secret: \${GA4_API_SECRET}
`;
  const outside = (path: string) => path !== 'data' && !path.startsWith('data/');
  /** Every file and folder of the image outside /data, and when its content last changed. */
  const state = () =>
    readdirSync(image, { recursive: true, encoding: 'utf8' })
      .filter(outside)
      .map((path) => `${path} ${statSync(join(image, path), { throwIfNoEntry: false })?.ctimeMs}`)
      .toSorted();

  /** As `docker run --read-only`: nothing but /data can be written; as an ordinary user if the test runs as root. */
  const READ_ONLY = `set -e
    mount --bind "$DATA" "$DATA"
    mount -o remount,bind,ro /
    if touch "$DATA/../tmp/probe" 2>/dev/null; then exit 99; fi
    exec $AS_USER "$@"`;
  const isRoot = process.getuid?.() === 0;
  const unshare = ['unshare', isRoot ? '-m' : '-rm', 'sh', '-c', READ_ONLY, 'sh'];
  const environment = () => ({
    ...imageEnvironment,
    PATH: process.env['PATH'],
    HOME: join(image, 'home/nonroot'),
    TMPDIR: join(image, 'tmp'),
    DATA: join(image, 'data'),
    AS_USER: isRoot ? 'setpriv --reuid 65532 --regid 65532 --clear-groups' : '',
    GA4_API_SECRET: 'a-secret-for-tests',
  });
  const canBeReadOnly = () =>
    spawnSync(unshare[0] as string, [...unshare.slice(1), 'true'], { env: environment() }).status === 0;

  let recorder: Recorder;
  let child: ChildProcess | undefined;
  let url = '';
  let before: string[] = [];
  let log = '';

  beforeAll(async () => {
    mkdirSync(join(image, 'home/nonroot'), { recursive: true });
    writeFileSync(inImage('/etc/portvakt/gateway.yaml'), SITE);
    chmodSync(folder, 0o755);
    if (isRoot) chownSync(join(image, 'data'), 65532, 65532);
    recorder = await startRecorder(VENDORS);
    const readOnly = canBeReadOnly();
    if (!readOnly) console.warn('no mount namespaces here: what is written is compared, but could be written');
    before = state();
    const [program, ...args] = [
      ...(readOnly ? unshare : []),
      ...[...jsonArguments(last, 'ENTRYPOINT'), ...jsonArguments(last, 'CMD')].map(inImage),
      // What `docker run -p` and a network of its own are there for.
      '--listen',
      '127.0.0.1:0',
      '--admin',
      '127.0.0.1:0',
      '--sink',
      recorder.url,
      ...more,
    ];
    const started = spawn(program, args, {
      cwd: inImage('/app'),
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    url = await new Promise<string>((resolve, reject) => {
      started.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        log += chunk;
        const found = /"url":"([^"]+)","msg":"listening"/.exec(log)?.[1];
        if (found !== undefined) resolve(found);
      });
      started.once('exit', (code) => reject(new Error(`ended with ${code}:\n${log}`)));
    });
  });

  afterAll(async () => {
    child?.kill('SIGKILL');
    await recorder.close();
  });

  it('delivers a hit, is healthy, stops when told to, and has written nothing outside /data', async () => {
    const now = Math.floor(Date.now() / 1000);
    const answer = await ask(url, {
      path: `/g/collect?v=2&tid=G-TEST000001&cid=482310557.${now - 60}&en=page_view&dl=https%3A%2F%2Fshop.example.no%2F`,
      headers: {
        host: 'shop.example.no',
        origin: 'https://shop.example.no',
        cookie: cookiebot({ statistics: true }, (now - 60) * 1000),
      },
    });
    expect(answer.status).toBe(204);
    expect(await recorder.waitFor(1)).toMatchObject([{ path: '/g/collect' }]);

    const [program = '', ...health] = jsonArguments(last, 'HEALTHCHECK').map(inImage);
    const checked = (port: string) =>
      spawnSync(
        program,
        health.map((arg) => arg.replace('8080', port)),
      ).status;
    expect(checked(new URL(url).port)).toBe(0);

    const ended = new Promise((resolve) => child?.once('exit', (code) => resolve(code)));
    child?.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(checked(new URL(url).port)).toBe(1);

    expect(readdirSync(join(image, 'data'))).toContainEqual(expect.stringMatching(/^outbox.*\.sqlite$/));
    expect(state()).toEqual(before);
  });
});
