import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

// The script that pins base images, against a registry on loopback that answers as the OCI distribution specification
// says: a challenge first, then the digest of the tag in a header.

const root = join(import.meta.dirname, '../..');
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const TAGS: Readonly<Record<string, string>> = {
  'library/node:24-trixie-slim': digest('a'),
  'distroless/nodejs24-debian13:nonroot': digest('b'),
};

let registry: Server;
let url = '';
let folder = '';
const asked: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portvakt-pin-'));
  registry = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    if (pathname === '/token') {
      response.end(JSON.stringify({ token: `for-${searchParams.get('scope')}` }));
      return;
    }
    const [, name = '', tag = ''] = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(pathname) ?? [];
    asked.push(`${request.method} ${name}:${tag}`);
    const scope = `repository:${name}:pull`;
    if (request.headers.authorization !== `Bearer for-${scope}`) {
      response.writeHead(401, {
        'www-authenticate': `Bearer realm="${url}/token",service="registry",scope="${scope}"`,
      });
    } else if (TAGS[`${name}:${tag}`] === undefined) response.writeHead(404);
    else response.writeHead(200, { 'docker-content-digest': TAGS[`${name}:${tag}`] });
    response.end();
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
});
afterAll(() => {
  registry.close();
  rmSync(folder, { recursive: true, force: true });
});

function pin(file: string, ...args: string[]): Promise<{ code: number | null; out: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'scripts/pin-images.ts'), file, ...args], {
      env: { ...process.env, PORTVAKT_REGISTRY: url },
    });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.once('exit', (code) => resolve({ code, out }));
  });
}

it('writes the digest behind the tag of every base image of the Dockerfile, and finds nothing to do the second time', async () => {
  const file = join(folder, 'Dockerfile');
  const before = readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll(/@sha256:[0-9a-f]{64}/g, '');
  writeFileSync(file, before);
  expect((await pin(file, '--check')).code).toBe(1);
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect((await pin(file)).code).toBe(0);
  const after = readFileSync(file, 'utf8');
  const bases = [...after.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  const images = {
    'node:24-trixie-slim': digest('a'),
    'gcr.io/distroless/nodejs24-debian13:nonroot': digest('b'),
  };
  expect(new Set(bases)).toEqual(new Set(Object.entries(images).map(([image, of]) => `${image}@${of}`)));
  // Nothing else of the file has changed.
  expect(after.replaceAll(/@sha256:[0-9a-f]{64}/g, '')).toBe(before);
  expect(asked).toContain('HEAD library/node:24-trixie-slim');
  expect((await pin(file, '--check')).code).toBe(0);
});

it('replaces an old digest, and changes nothing where a tag is unknown', async () => {
  const file = join(folder, 'Old');
  writeFileSync(file, `FROM node:24-trixie-slim@${digest('0')} AS build\nRUN true\n`);
  expect((await pin(file)).code).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe(`FROM node:24-trixie-slim@${digest('a')} AS build\nRUN true\n`);
  const unknown = 'FROM node:24-nowhere\n';
  writeFileSync(file, unknown);
  const done = await pin(file);
  expect(done.code).not.toBe(0);
  expect(done.out).toContain('no digest for library/node:24-nowhere');
  expect(readFileSync(file, 'utf8')).toBe(unknown);
});
