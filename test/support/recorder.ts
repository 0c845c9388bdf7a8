import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request a vendor would have received: the sink's path is `/<vendor host>/<path>?<query>` (design 7.3). */
export interface Recorded {
  readonly at: number;
  readonly method: string;
  readonly host: string;
  /** Path without the host segment, with its leading slash. */
  readonly path: string;
  /** Query without `?`, as it came. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface FakeReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A stand-in for one vendor: answers as its sheet says, errors included. */
export interface FakeVendor {
  readonly hosts: readonly string[];
  readonly answer: (request: Recorded) => FakeReply | Promise<FakeReply>;
}

/** Plays every vendor on a loopback port and keeps what it was sent. */
export interface Recorder {
  readonly url: string;
  readonly requests: Recorded[];
  /** Requests to one vendor host. */
  readonly to: (host: string) => Recorded[];
  /** Resolves when `count` requests (to `host`, if given) have arrived; rejects after `ms`. */
  readonly waitFor: (count: number, options?: { host?: string; ms?: number }) => Promise<Recorded[]>;
  /** Replaces the answers of one host until the returned function is called. */
  readonly script: (host: string, answer: FakeVendor['answer']) => () => void;
  readonly clear: () => void;
  readonly close: () => Promise<void>;
}

/** Starts a recorder. Hosts without a fake vendor are answered 204. `port` 0 = any free one. */
export async function startRecorder(vendors: readonly FakeVendor[] = [], port = 0): Promise<Recorder> {
  const requests: Recorded[] = [];
  const answers = new Map<string, FakeVendor['answer']>();
  for (const vendor of vendors) for (const host of vendor.hosts) answers.set(host, vendor.answer);
  const waiting = new Set<() => void>();

  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      void (async () => {
        const target = incoming.url ?? '/';
        const queryAt = target.indexOf('?');
        const full = queryAt === -1 ? target : target.slice(0, queryAt);
        const slash = full.indexOf('/', 1);
        const headers: Record<string, string | undefined> = {};
        for (const [name, value] of Object.entries(incoming.headers))
          headers[name] = Array.isArray(value) ? value.join(', ') : value;
        const recorded: Recorded = {
          at: Date.now(),
          method: incoming.method ?? 'GET',
          host: slash === -1 ? full.slice(1) : full.slice(1, slash),
          path: slash === -1 ? '/' : full.slice(slash),
          query: queryAt === -1 ? '' : target.slice(queryAt + 1),
          headers,
          body: Buffer.concat(chunks).toString('utf8'),
        };
        requests.push(recorded);
        for (const wake of waiting) wake();
        const reply = (await answers.get(recorded.host)?.(recorded)) ?? { status: 204 };
        outgoing.writeHead(reply.status, reply.headers);
        outgoing.end(reply.body);
      })();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: bound } = server.address() as AddressInfo;
  const to = (host: string) => requests.filter((request) => request.host === host);

  return {
    url: `http://127.0.0.1:${bound}`,
    requests,
    to,
    waitFor(count, { host, ms = 10_000 } = {}) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = host === undefined ? requests : to(host);
          if (found.length < count) return;
          waiting.delete(look);
          clearTimeout(timer);
          resolve([...found]);
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(
            new Error(
              `waited ${ms} ms for ${count} requests${host === undefined ? '' : ` to ${host}`}, got ${(host === undefined ? requests : to(host)).length}`,
            ),
          );
        }, ms);
        waiting.add(look);
        look();
      });
    },
    script(host, answer) {
      const before = answers.get(host);
      answers.set(host, answer);
      return () => {
        if (before === undefined) answers.delete(host);
        else answers.set(host, before);
      };
    },
    clear: () => requests.splice(0, requests.length),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
