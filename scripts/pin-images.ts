/**
 * Pins the base images of the Dockerfile: asks each image's registry which digest its tag stands for now, and writes
 * `image:tag@sha256:...` in place of `image:tag`. To be run on a machine that reaches the registries, before a release;
 * until then the tags stand.
 *
 * `node scripts/pin-images.ts [Dockerfile] [--check]`; `--check` writes nothing and exits 1 where a digest is missing or
 * no longer the one of its tag. `PORTVAKT_REGISTRY` (an address) is asked in place of every registry, for tests.
 *
 * The requests are those of the OCI distribution specification (`GET /v2/<name>/manifests/<tag>`, `Docker-Content-Digest`)
 * with the token of the registry's own challenge.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/** An image by tag, e.g. `gcr.io/distroless/nodejs24-debian13:nonroot`. */
interface Image {
  readonly registry: string;
  readonly name: string;
  readonly tag: string;
}

/** Reads an image's name; without a registry in front it is one of Docker Hub. */
function imageOf(reference: string): Image {
  const [, path = '', tag = 'latest'] = /^(.+?)(?::([\w][\w.-]*))?$/.exec(reference) ?? [];
  const [first = '', ...rest] = path.split('/');
  if (rest.length > 0 && /[.:]/.test(first)) return { registry: `https://${first}`, name: rest.join('/'), tag };
  return { registry: 'https://registry-1.docker.io', name: rest.length === 0 ? `library/${first}` : path, tag };
}

/** The digest of a tag. @throws with the registry's answer where there is none */
async function digestOf({ registry, name, tag }: Image): Promise<string> {
  const base = process.env['PORTVAKT_REGISTRY'] ?? registry;
  const ask = (token?: string) =>
    fetch(`${base}/v2/${name}/manifests/${tag}`, {
      method: 'HEAD',
      headers: { accept: MANIFESTS, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    });
  let answer = await ask();
  if (answer.status === 401) answer = await ask(await tokenFor(answer.headers.get('www-authenticate') ?? ''));
  const digest = answer.headers.get('docker-content-digest');
  if (!answer.ok || digest === null || !/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new Error(`${base} has no digest for ${name}:${tag} (HTTP ${answer.status})`);
  }
  return digest;
}

/** The token of anybody, from the place the registry names. */
async function tokenFor(challenge: string): Promise<string> {
  const part = (key: string) => new RegExp(`${key}="([^"]*)"`).exec(challenge)?.[1];
  const realm = part('realm');
  if (realm === undefined) throw new Error('the registry asks for a login and does not say where');
  const url = new URL(realm);
  for (const key of ['service', 'scope']) if (part(key) !== undefined) url.searchParams.set(key, part(key) as string);
  const { token } = (await (await fetch(url)).json()) as { readonly token?: string };
  if (token === undefined) throw new Error(`${url.origin} gave no token`);
  return token;
}

const check = process.argv.includes('--check');
const file = process.argv.slice(2).find((arg) => !arg.startsWith('--')) ?? join(import.meta.dirname, '../Dockerfile');
const text = readFileSync(file, 'utf8');
const FROM = /^FROM ([^\s@]+)(@sha256:[0-9a-f]{64})?/gm;
const digests = new Map<string, string>();
for (const [, reference = ''] of text.matchAll(FROM)) {
  if (!digests.has(reference)) digests.set(reference, await digestOf(imageOf(reference)));
}
const pinned = text.replaceAll(FROM, (_, reference: string) => `FROM ${reference}@${digests.get(reference)}`);
for (const [reference, digest] of digests) console.log(`${reference} is ${digest}`);
if (pinned === text) console.log('the Dockerfile names these digests already');
else if (check) {
  console.log('the Dockerfile does not name these digests: run `node scripts/pin-images.ts`');
  process.exitCode = 1;
} else writeFileSync(file, pinned);
