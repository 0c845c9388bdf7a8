import { randomBytes, randomInt } from 'node:crypto';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { LIMITS } from '../../src/protocols/limits.ts';
import { cookiesOf, eventId, headersOf } from './support/world.ts';

/** Attacks on the gateway that need no key and consist of requests only. */
const MB = 1024 * 1024;

export interface Attack {
  /** One piece of the attack; many are under way at once. */
  readonly strike: (target: Target) => Promise<unknown>;
  /** How many at once. */
  readonly clients: number;
  /** How long the short form takes, seconds; 4 where nothing is said. */
  readonly seconds?: number;
  /** The inside of `delivery:`, and sections of the configuration beside. */
  readonly delivery?: string;
  readonly more?: string;
  /** Bytes the data folder may have beyond what the ordinary visitors need. */
  readonly disk: number;
  /** Most descriptors of the process. */
  readonly descriptors: number;
  /** Megabytes that the objects of a thread may take: what is remembered of texts must fit beside everything else. */
  readonly heap?: number;
  /** Bytes of the outbox that may be taken when nothing waits any more. */
  readonly left?: number;
  /** Most answers the stranger may have had after so many seconds: what is guessed is answered slowly. */
  readonly answers?: (seconds: number) => number;
  /** How long what it holds open may take to go, milliseconds. */
  readonly settles?: number;
  /** The stranger's requests may be refused with these. */
  readonly refusals: readonly number[];
}

export interface Target {
  readonly url: string;
  readonly adminUrl: string;
  /** Sends a request; what was answered, 0 = nothing. */
  readonly ask: (path: string, headers: Record<string, string>, body?: string, method?: string) => Promise<number>;
  /** Tells of something that must not be. */
  readonly blame: (problem: string) => void;
}

const ORIGIN = { origin: 'https://shop.example.no' };
const word = (length = 8): string => randomBytes(length).toString('hex').slice(0, length);
const visitor = (): number => randomInt(1, 1_000_000_000);
const base = (cid: string): string =>
  `v=2&tid=G-TEST000001&_p=${randomInt(1e9)}&cid=${cid}&dl=${encodeURIComponent('https://shop.example.no/krus')}`;
const cid = (): string => `${randomInt(1e9)}.${Math.floor(Date.now() / 1000) - 60}`;

/** Fillings that make each kind of detector look as often as it can. */
const WORST = [
  '12-12-',
  'a@b.',
  '%2540',
  '1.2.3.',
  '+47 4',
  'gclid=',
  'http://',
  '{"a":',
  '\\u0040',
  'fb.1.',
  'GA1.1.',
  'NO93 8601 ',
  '4111 1111 ',
  'eyJhbGciOi.',
];

/** What no page of another site may read, under a name of its own that leads here or across sites. */
const OTHERS: readonly [string, Record<string, string>][] = ['/metrics', '/preview', '/preview/stream'].flatMap(
  (path) => [
    [path, { host: 'evil.example' }],
    [path, { origin: 'https://evil.example' }],
    [path, { 'sec-fetch-site': 'cross-site' }],
  ],
);
/** Previews that may be open, and those that are. */
const MOST_STREAMS = 8;
let streams = 0;

export const ATTACKS: Readonly<Record<string, Attack>> = {
  /** The costliest requests anybody may send: a filling shared by as many lines as one request may have of it. */
  work: {
    clients: 2,
    disk: 40 * MB,
    descriptors: 200,
    refusals: [204, 400, 413, 431, 503],
    strike: ({ ask }) => {
      // Every other time the one that cost most before what a hit expands to was bounded: 0.9 s.
      const worst = randomInt(2) === 0;
      const filling = worst ? '12-12-' : (WORST[randomInt(WORST.length)] as string);
      const value = encodeURIComponent(filling.repeat(Math.floor(700 / filling.length)));
      const length = worst ? 27_000 : ([3_000, 5_000, 12_000, 27_000][randomInt(4)] as number);
      const params = Array.from({ length: 38 }, (_, i) => `&ep.p${i}=${value}`)
        .join('')
        .slice(0, length);
      const most = worst ? 25 : Math.min(25, Math.floor(LIMITS.expanded / (length + 300)) - 1);
      const lines = Array.from({ length: most }, () => `en=${word(3)}`).join('\n');
      const cookie = cookiesOf(visitor());
      return ask(`/g/collect?${base(cid())}${params}`, { ...ORIGIN, 'content-type': 'text/plain', cookie }, lines);
    },
  },
  /** A query as long as it may be, copied into as many lines as are taken, and every other time into 25. */
  copies: {
    clients: 4,
    disk: 60 * MB,
    descriptors: 200,
    delivery: 'max_size: 40MB',
    refusals: [204, 400, 413, 431, 503],
    strike: ({ ask }) => {
      const params = Array.from({ length: 25 }, (_, i) => `&ep.q${i}=${word(900)}`).join('');
      const lines = Array.from({ length: randomInt(2) === 0 ? 25 : 4 }, (_, i) => `en=line_${i}`).join('\n');
      const headers = { ...ORIGIN, 'content-type': 'text/plain', cookie: cookiesOf(visitor()) };
      return ask(`/g/collect?${base(cid())}${params}`, headers, lines);
    },
  },
  /** Connections that never finish a request, and are never closed from this side. */
  sockets: {
    clients: 300,
    disk: 40 * MB,
    descriptors: 900,
    refusals: [],
    // Headers have 10 s; the server looks every 2 s, and closes within 1 s.
    settles: 15_000,
    strike: (target) => {
      const socket = open(target, (one) => one.write(`POST /g/collect HTTP/1.1\r\nHost: 127.0.0.1\r\nX-${word(4)}: `));
      return new Promise<void>((resolve) => {
        socket.on('end', () => resolve());
        socket.on('close', () => resolve());
      });
    },
  },
  /** Bodies that take as long or as much memory as they can: a byte at a time, in chunks of one, without end, with GET. */
  bodies: {
    clients: 48,
    disk: 40 * MB,
    descriptors: 300,
    refusals: [],
    settles: 20_000,
    strike: (target) => {
      const post = (length: string): string =>
        `POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://shop.example.no\r\nContent-Type: application/json\r\n${length}\r\n\r\n`;
      const kind = randomInt(4);
      const socket = open(target, (one) => {
        if (kind === 0) {
          one.write(post('Content-Length: 60000'));
          drip(one, () => 'x', 200);
        } else if (kind === 1) {
          one.write(post('Transfer-Encoding: chunked') + '1\r\nx\r\n'.repeat(60_000));
          drip(one, () => '1\r\nx\r\n', 1_000);
        } else if (kind === 2) {
          one.write(post('Transfer-Encoding: chunked'));
          drip(one, () => `8000\r\n${'x'.repeat(0x8000)}\r\n`, 50);
        } else {
          const path = `/g/collect?${base(cid())}&en=page_view`;
          one.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n`);
          drip(one, () => `1000\r\n${'x'.repeat(0x1000)}\r\n`, 20);
        }
      });
      return new Promise<void>((resolve) => {
        socket.on('end', () => resolve());
        socket.on('close', () => resolve());
      });
    },
  },
  /** A thousand small requests in one write, on many connections, by some who read the answers and some who do not. */
  pipelines: {
    clients: 24,
    disk: 60 * MB,
    descriptors: 400,
    delivery: 'max_size: 40MB',
    refusals: [],
    strike: (target) => {
      const hit = `/g/collect?${base(cid())}&en=page_view`;
      const body = '{"events":[{"name":"page_view"}]}';
      const requests = [
        `GET ${hit} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
        `GET /${word()} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
        `POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://shop.example.no\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      ];
      const reads = randomInt(2) === 0;
      const socket = open(target, (one) => one.write((requests[randomInt(3)] as string).repeat(1_000)));
      if (!reads) socket.pause();
      return new Promise<void>((resolve) => {
        const done = (): void => {
          socket.destroy();
          resolve();
        };
        socket.on('end', done);
        socket.on('close', done);
        setTimeout(done, 2_000);
      });
    },
  },
  /** Keys that are guessed, on the listener everybody reaches. */
  keys: {
    clients: 32,
    disk: 40 * MB,
    descriptors: 200,
    refusals: [403, 503],
    // Twenty a minute at once, each of the others after a second.
    answers: (seconds) => 20 * Math.ceil(1 + seconds / 60) + 32 * (seconds + 2),
    strike: ({ ask }) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${word(40)}` };
      return ask('/v1/events', headers, JSON.stringify({ events: [{ name: word(60_000) }] }));
    },
  },
  /** Previews that nobody reads, while large events are shown. */
  previews: {
    clients: 12,
    disk: 60 * MB,
    descriptors: 300,
    delivery: 'max_size: 40MB',
    refusals: [204, 413, 503],
    strike: async ({ ask, adminUrl }) => {
      const { hostname, port } = new URL(adminUrl);
      const silent = connect({ port: Number(port), host: hostname });
      silent.on('error', () => {});
      silent.write('GET /preview/stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
      silent.pause();
      const params = Array.from({ length: 20 }, (_, i) => `&ep.q${i}=${word(900)}`).join('');
      const lines = Array.from({ length: 5 }, (_, i) => `en=line_${i}`).join('\n');
      const headers = { ...ORIGIN, 'content-type': 'text/plain' };
      for (let i = 0; i < 10; i++)
        await ask(`/g/collect?${base(cid())}${params}`, { ...headers, cookie: cookiesOf(visitor()) }, lines);
      silent.destroy();
    },
  },
  /** Order numbers without end: what is remembered of each has its own bound. */
  marks: {
    clients: 4,
    seconds: 12,
    disk: 60 * MB,
    descriptors: 200,
    delivery: 'max_size: 4MB',
    left: 250_000,
    refusals: [204, 503],
    strike: ({ ask }) => {
      const events = Array.from({ length: 25 }, () => {
        const id = eventId(randomInt(1e12, 2e14));
        return { name: 'purchase', id, params: { currency: 'NOK', value: 1, transaction_id: id } };
      });
      return ask('/v1/events', headersOf(cookiesOf(visitor())), JSON.stringify({ events }));
    },
  },
  /** Withdrawals of unknown visitors, hundreds of ids each. */
  tombstones: {
    clients: 16,
    disk: 8 * MB,
    descriptors: 200,
    delivery: 'max_size: 20MB',
    refusals: [204, 431],
    strike: ({ ask }) => {
      const seconds = Math.floor(Date.now() / 1000) - 60;
      const many = Array.from({ length: 350 }, () => `_ga=GA1.1.${randomInt(1e8, 1e9)}.${seconds}`);
      const cookie = [...many, cookiesOf(visitor(), { statistics: false, marketing: false })].join('; ');
      return ask(`/g/collect?${base(cid())}&en=page_view`, { ...ORIGIN, cookie });
    },
  },
  /** A consent record as large as a header may be, another one each time. */
  headers: {
    clients: 8,
    seconds: 12,
    disk: 40 * MB,
    descriptors: 200,
    heap: 80,
    refusals: [204, 431],
    strike: ({ ask }) => {
      // Each as long as a cookie may be.
      const record = (): string =>
        (cookiesOf(visitor()).split('; ')[0] as string).replace(
          /stamp:%27[^%]*/,
          `stamp:%27${word().padEnd(7_800, 'a')}`,
        );
      const cookie = [record(), record(), record(), cookiesOf(visitor())].join('; ');
      const agent = word().padEnd(4_000, 'a');
      return ask(`/g/collect?${base(cid())}&en=look`, { ...ORIGIN, cookie, 'user-agent': agent });
    },
  },
  /** Everything that could become a series, a name or a table entry: hosts, origins, streams, versions, addresses. */
  names: {
    clients: 4,
    disk: 40 * MB,
    descriptors: 200,
    more: 'server: { trusted_proxies: [127.0.0.0/8] }\nlimits: { per_client: 6000 }\n',
    refusals: [204, 400, 403, 404, 405, 415, 421],
    strike: async ({ ask }) => {
      const from = { 'x-forwarded-for': `2001:db8:${word(4)}:${word(4)}::${word(4)}` };
      const cookie = cookiesOf(visitor()).replace('ver:1', `ver:${randomInt(1e6)}`);
      const hit = `/g/collect?${base(cid())}&en=${word(12)}`;
      await ask(hit, { ...ORIGIN, ...from, cookie });
      await ask(hit, { origin: `https://${word()}.example`, ...from, cookie });
      await ask(hit, { ...ORIGIN, ...from, host: `${word()}.example` });
      await ask(hit.replace('G-TEST000001', `G-${word(8).toUpperCase()}`), { ...ORIGIN, ...from, cookie });
      await ask(`/${word()}`, from, undefined, word(3).replaceAll(/\d/g, 'x').toUpperCase());
    },
  },
  /** The admin listener, by pages of other sites under a name of theirs, and by previews that nobody closes. */
  admin: {
    clients: 24,
    disk: 40 * MB,
    descriptors: 300,
    refusals: [],
    strike: async ({ adminUrl, blame }) => {
      const own = randomInt(2) === 0;
      const [path, headers]: [string, Record<string, string>] = own
        ? ['/preview/stream', {}]
        : (OTHERS[randomInt(OTHERS.length)] as [string, Record<string, string>]);
      const { hostname, port } = new URL(adminUrl);
      const status = await new Promise<number>((resolve) => {
        const asked = request({ host: hostname, port, path, headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
          const watching = own && answer.statusCode === 200;
          if (watching && ++streams > MOST_STREAMS) blame('more previews than there may be');
          const end = setTimeout(() => asked.destroy(), 2_000);
          answer.on('close', () => {
            clearTimeout(end);
            if (watching) streams--;
          });
        });
        asked.on('error', () => resolve(0));
        asked.end();
      });
      if (!own && status === 200) blame(`${path} was shown to ${JSON.stringify(headers)}`);
    },
  },
};

/** Connections of strangers that keep their end open whatever the other one does; closed when an attack is over. */
export const kept = new Set<Socket>();

function open({ url }: Target, connected: (socket: Socket) => void): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true }, () => connected(socket));
  kept.add(socket);
  socket.on('error', () => {});
  socket.on('close', () => kept.delete(socket));
  socket.resume();
  return socket;
}

/** Goes on writing until the other end closes; not faster than it reads. */
function drip(socket: Socket, more: () => string, ms: number): void {
  const timer = setInterval(() => socket.writableNeedDrain || socket.write(more()), ms);
  for (const event of ['end', 'close']) socket.on(event, () => clearInterval(timer));
}
