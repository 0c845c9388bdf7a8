/*
 * What differs between the runtimes: `npm run gen` makes the table in `docs/runtimes.md` of it, and the tests of this
 * folder that name an entry hold it. What nobody can test here says so.
 */

export type Runtime = 'node' | 'bun' | 'deno' | 'workers';

export interface Difference {
  readonly what: string;
  /** As it is on Node, Bun and Deno, which run the same program. */
  readonly hosts: string;
  readonly workers: string;
  /** The test that holds it, as `file: title`; or `documentation` = Cloudflare's documentation says so, and nobody here has seen it. */
  readonly by: string;
}

/** Milliseconds of what the tests wait for. */
export const WAKE_S = 30;

export const DIFFERENCES: readonly Difference[] = [
  {
    what: 'started by',
    hosts: '`serve`',
    workers: '`build --target workers`, then `wrangler deploy`',
    by: 'build.test.ts: is taken by wrangler',
  },
  {
    what: 'outbox',
    hosts: 'a file in `--data`',
    workers: 'SQLite of a Durable Object, one for each site',
    by: 'contract.test.ts: of a Durable Object',
  },
  {
    what: 'where the outbox is kept',
    hosts: 'on that machine',
    workers: 'in the EU where every site is for the EEA (`--jurisdiction`)',
    by: 'documentation',
  },
  {
    what: 'room of the outbox',
    hosts: '`delivery.max_size`',
    workers: '`delivery.max_size`, at most 10 GB and 100,000 events that wait; more are answered 503',
    by: 'build.test.ts: an outbox of more than an object can hold',
  },
  {
    what: 'after a crash, what waits is sent',
    hosts: 'when the program is started again',
    workers: `by an alarm, at most ${WAKE_S} s later, with no request needed`,
    by: 'walk.ts: nothing that was answered 204 is lost when it is killed under load',
  },
  {
    what: 'an end that is lost with a crash (the event is sent once more)',
    hosts: 'of the last 10 ms',
    workers: 'of the last 250 ms',
    by: 'walk.ts: what comes twice is sent once, at once and after a restart',
  },
  {
    what: 'the program is stopped while it delivers',
    hosts: 'in order, or by a crash',
    workers: 'at any time: the platform may throw an object away; its alarm starts it again',
    by: 'thrown-away.test.ts: loses nothing, and nobody but its alarm has to wake it',
  },
  {
    what: 'two versions at once',
    hosts: 'one at a time on a data directory',
    workers: 'while a deployment lasts: where they do not fit, 503 with `Retry-After: 1`',
    by: 'versions.test.ts: two versions of the worker',
  },
  {
    what: 'deleted events',
    hosts: 'are overwritten in the file',
    workers: 'can be brought back by the owner of the account for 30 days (point-in-time recovery)',
    by: 'documentation',
  },
  {
    what: "the visitor's address and country",
    hosts: 'from `server.trusted_proxies`',
    workers: 'from the platform (`CF-Connecting-IP`, `request.cf.country`)',
    by: 'web.test.ts: takes the country from the runtime and from no header',
  },
  {
    what: 'secrets',
    hosts: 'variables and files',
    workers: 'secrets of the worker; `file:` is refused',
    by: 'build.test.ts: a secret in a file',
  },
  {
    what: 'user data in the clear waits sealed',
    hosts: 'AES-256-GCM, with a key made of `root.key`',
    workers: 'ChaCha20-Poly1305, with a key made of the secret `PORTVAKT_ROOT_KEY`',
    by: 'workers.test.ts: user data in the clear waits sealed',
  },
  {
    what: '`privacy.replaced_ids`',
    hosts: 'yes',
    workers: 'refused: its key has no place yet',
    by: 'build.test.ts: ids that are replaced',
  },
  {
    what: '`limits.per_client`',
    hosts: 'for each process',
    workers: 'for each instance of the worker',
    by: 'build.test.ts: says what is weaker there',
  },
  {
    what: 'decision log, preview',
    hosts: 'yes',
    workers: 'no; `build` says so of `delivery.decisions`',
    by: 'build.test.ts: says what is weaker there',
  },
  {
    what: 'metrics',
    hosts: 'admin listener `/metrics`',
    workers:
      '`/g/admin/metrics` with the admin token: the same counts under the same names, those of collecting some seconds later; no times',
    by: 'workers.test.ts: counts what came and what was decided',
  },
  {
    what: 'dead letters',
    hosts: '`portvakt outbox`',
    workers: '`portvakt outbox --url` with the admin token',
    by: 'workers.test.ts: tells an operator with the token, and nobody else',
  },
  {
    what: 'what a vendor says later about requests it took (Google Ads)',
    hosts: 'asked after the time the vendor names',
    workers: 'asked when the outbox is next awake, at most half a minute after that time',
    by: 'timers.test.ts: looks at long waits only when it is told to',
  },
  {
    what: 'a query with `"` or `<` as they are (browsers encode both)',
    hosts: 'read',
    workers: 'refused with 400 by the engine',
    by: 'workers.test.ts: refuses what no browser sends',
  },
];

/** Where there is no durable queue that one can take things out of again. */
export const NOT_SUPPORTED: readonly (readonly [name: string, why: string])[] = [
  ['Fastly Compute', 'no durable, strongly consistent queue with deletion'],
  ['Lambda@Edge', 'no durable, strongly consistent queue with deletion'],
  ['Vercel Edge', 'the same, and the product is deprecated'],
  ['Netlify Edge', 'no durable, strongly consistent queue with deletion'],
  ['Deno Deploy', 'its queues are gone'],
  [
    'Cloudflare Queues as the outbox',
    'a message cannot be taken back when its visitor withdraws, and repeats are not recognised',
  ],
];
