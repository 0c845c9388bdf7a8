import type {
  BoundDestination,
  Destination,
  PlannedRequest,
  Reply,
  Verdict,
  Later,
} from '../../src/core/destination.ts';
import { answered, showReason, type VendorReason } from '../../src/core/reason.ts';
import type { EgressForm } from '../../src/core/egress.ts';
import { keyedHash } from '../../src/core/hash.ts';
import { Recalled, type FilledRequest, type Secrets, type Send } from '../../src/delivery/lane/ports.ts';
import { Drain, type EnginePorts } from '../../src/delivery/drain.ts';
import { writeShaped } from '../../src/delivery/event-body.ts';
import type { OutboxRecord, RecordRoute } from '../../src/delivery/outbox.ts';
import type { Awaiting, Page, QueuedRecord, Store } from '../../src/delivery/store.ts';
import type { Gateway, Route, Site } from '../../src/policy/gateway.ts';
import { nameReasons } from '../../src/policy/near.ts';
import type { Permit } from '../../src/policy/permit.ts';

export const DAY = 86_400_000;

export interface TestRoute {
  readonly name: string;
  readonly maxBatch?: number;
  readonly judge?: (reply: Reply, count: number) => Verdict;
  readonly later?: Later;
  readonly repeatable?: BoundDestination['repeatable'];
  readonly request?: (envelope: string, elements: readonly string[]) => PlannedRequest;
  /** Default: full with all four gate signals, else blocked. */
  readonly permits?: readonly Permit[];
  readonly maxAge?: number;
  readonly host?: string;
  readonly firstAfterMs?: number;
}

export const permit = (verdict: Permit['verdict'], bits = '7'): Permit => ({
  verdict,
  open: [],
  prepared: [],
  sealed: [],
  shut: [],
  bits,
  missing: 0,
  sources: undefined,
});

/** Full when all four gate signals are granted; else what `otherwise` says. */
export function strictPermits(otherwise: Permit = permit('blocked', '0')): Permit[] {
  return Array.from({ length: 16 }, (_, granted) => (granted === 15 ? permit('full') : otherwise));
}

/** What `linesRequest` makes may leave, whatever is in it. */
const LINES: Omit<EgressForm, 'hosts'> = {
  kind: 'limited',
  methods: ['POST'],
  path: /^\//,
  query: {},
  headers: { 'content-type': {} },
  body: { text: {} },
};

/** And a later question about it. */
const LATER: Omit<EgressForm, 'hosts'> = { kind: 'aside', methods: ['GET'], path: /^\//, query: {}, headers: {} };

/** `POST https://<host>/<envelope>` with the elements as lines. */
export function linesRequest(host: string) {
  return (envelope: string, elements: readonly string[]): PlannedRequest => ({
    method: 'POST',
    url: `https://${host}/${envelope}`,
    headers: { 'content-type': 'text/plain' },
    body: elements.join('\n'),
  });
}

export function judgeByStatus(reply: Reply): Verdict {
  if (reply.status < 300) return { kind: 'delivered' };
  if (reply.status >= 500) return { kind: 'retry', reason: answered('vendor.unavailable', reply.status) };
  if (reply.status === 401) return { kind: 'stop', reason: answered('vendor.credentials', 401) };
  return { kind: 'rejected', reason: answered('vendor.refused', reply.status) };
}

/** A gateway with one site, `shop`, and these routes; only what delivery reads of one. */
export function testGateway(
  routes: readonly TestRoute[],
  more: { policy?: string; deadLetters?: number; maxSize?: number } = {},
): Gateway {
  const made = routes.map((options): Route => {
    const { name, maxBatch = 1, judge = judgeByStatus, host = `${name}.example.com`, maxAge = DAY } = options;
    const destination = {
      name,
      maxBatch: () => maxBatch,
      maxAge,
    } as unknown as Destination;
    const bound = {
      hosts: [host],
      recipient: name,
      egress: [
        { ...LINES, hosts: [host] },
        { ...LATER, hosts: [host] },
      ],
      request: options.request ?? linesRequest(host),
      judge,
      repeatable: options.repeatable,
      later: options.later,
      firstAfterMs: options.firstAfterMs ?? 0,
    } as unknown as BoundDestination;
    return {
      key: `shop/${name}`,
      unlisted: nameReasons('skip.not_listed', []),
      name,
      site: 'shop',
      destination,
      bound,
      permits: options.permits ?? strictPermits(),
      maxAge,
    } as unknown as Route;
  });
  const keys = { subject: keyedHash(new Uint8Array(32).fill(1)), pseudonym: keyedHash(new Uint8Array(32).fill(2)) };
  const site = { name: 'shop', keys, routes: made, ingestKeys: new Set() } as unknown as Site;
  return {
    policy: more.policy ?? 'policy-1',
    sites: [site],
    routeOf: new Map(made.map((route) => [route.key, route])),
    delivery: { maxAge: DAY, maxSize: more.maxSize ?? 1e9, deadLetters: more.deadLetters ?? DAY },
  } as unknown as Gateway;
}

/** What a test says of a record for one route. */
interface Told extends Partial<Omit<OutboxRecord, 'routes' | 'body'>>, Partial<Omit<RecordRoute, 'route'>> {
  readonly envelope?: string;
}

/** A record for one route of `testGateway`, with the vendor's form in it already. */
export function outboxRecord(route: string, element: string, told: Told = {}): OutboxRecord {
  return sharedRecord([route], element, told);
}

/** The same for several routes. */
export function sharedRecord(routes: readonly string[], element: string, told: Told = {}): OutboxRecord {
  const { envelope = 'e', acceptedAt = Date.now(), lasting = false, policy = 'policy-1', subjects = [] } = told;
  const { mark = '', signals = 127, fields = '7', limited, params, rule } = told;
  const { decidedAt = acceptedAt, expiresAt = acceptedAt + DAY } = told;
  return {
    acceptedAt,
    decidedAt,
    consentDay: told.consentDay,
    lasting,
    policy,
    subjects,
    routes: routes.map((name) => {
      const type = told.type ?? name;
      return { route: `shop/${name}`, type, mark, expiresAt, signals, fields, limited, params, rule };
    }),
    body: writeShaped({ envelope, element }),
  };
}

/** The vendor's forms that `outboxRecord` put into what a store gives back. */
export function elementsOf({ records }: Page): string[] {
  return records.map((record) => {
    const body = record.body();
    return 'element' in body ? body.element : 'a stored event';
  });
}

export const noSecrets: Secrets = {
  value: () => Promise.reject(new Error('no secrets in this test')),
  forget: () => {},
};

/** A store in memory: what the engine is tested with. */
export class MemoryStore implements Store {
  readonly records = new Map<string, Map<number, QueuedRecord>>();
  readonly dead = new Map<number, string>();
  #next = 1;

  add(route: string, element: string, told: Told = {}): number {
    const id = this.#next++;
    const { envelope = 'e', acceptedAt = 0 } = told;
    const { routes, policy, consentDay } = outboxRecord(route, element, { ...told, acceptedAt });
    const [own] = routes;
    if (own === undefined) throw new Error('a record without a route');
    const body = () => ({ envelope, element });
    const record: QueuedRecord = { ...own, id, acceptedAt, consentDay, policy, size: element.length, body };
    const records = this.records.get(own.route) ?? new Map<number, QueuedRecord>();
    this.records.set(own.route, records.set(id, record));
    return id;
  }

  read(route: string, after: number, limit: number): Page {
    const found = [...(this.records.get(route)?.values() ?? [])].filter(({ id }) => id > after).slice(0, limit);
    return { records: found, upTo: found.at(-1)?.id ?? after, more: found.length === limit };
  }

  settle(route: string, id: number): void {
    this.records.get(route)?.delete(id);
  }

  bury(route: string, id: number, reason: VendorReason): void {
    this.settle(route, id);
    this.dead.set(id, showReason(reason));
  }

  hold(route: string, id: number, awaiting: Awaiting): void {
    const records = this.records.get(route);
    const record = records?.get(id);
    if (record !== undefined) records?.set(id, { ...record, awaiting });
  }

  get waiting(): number {
    let sum = 0;
    for (const records of this.records.values()) sum += records.size;
    return sum;
  }
}

/** What was sent: host, elements, and when on the world's clock. */
export interface Sent {
  readonly host: string;
  readonly elements: readonly string[];
  readonly at: number;
  readonly request: FilledRequest;
}

type Answer = number | Error | Partial<Reply>;

/** A world in which time passes when it is told to, and vendors answer as the test says. */
export class World {
  readonly store = new MemoryStore();
  readonly sent: Sent[] = [];
  readonly logged: { level: string; msg: string; fields: Readonly<Record<string, string | number>> }[] = [];
  /** How long every answer takes, milliseconds. */
  latency = 1;
  random: () => number = () => 0.5;
  answer: (sent: Sent) => Answer = () => 204;
  /** Whether a connection is there, so that something of the request goes out. */
  connects: (sent: Sent) => boolean = () => true;
  secrets: Secrets = noSecrets;
  clock = 0;
  #order = 0;
  readonly #timers = new Map<number, { readonly at: number; readonly call: () => void }>();

  start(gateway: Gateway): Drain {
    const ports: EnginePorts = {
      store: this.store,
      send: this.#send,
      secrets: {
        value: (source, standIn) => this.secrets.value(source, standIn),
        forget: (token) => this.secrets.forget(token),
      },
      now: () => this.clock,
      tick: () => this.clock,
      random: () => this.random(),
      after: (ms, call) => this.after(ms, call),
      soon: (call) => void this.after(0, call),
      log: (level, msg, fields) => this.logged.push({ level, msg, fields }),
    };
    return new Drain(gateway, ports);
  }

  after(ms: number, call: () => void): () => void {
    const id = this.#order++;
    this.#timers.set(id, { at: this.clock + ms, call });
    return () => this.#timers.delete(id);
  }

  /** Lets time pass, and everything happen that falls into it. */
  async pass(ms: number): Promise<void> {
    const end = this.clock + ms;
    for (;;) {
      await settled();
      let next: [number, { at: number; call: () => void }] | undefined;
      for (const entry of this.#timers)
        if (entry[1].at <= end && (next === undefined || entry[1].at < next[1].at)) next = entry;
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.clock = Math.max(this.clock, next[1].at);
      next[1].call();
    }
    this.clock = end;
  }

  readonly #send: Send = (request, _hosts, may) => {
    const { host } = new URL(request.url);
    const sent: Sent = { host, elements: (request.body ?? '').split('\n'), at: this.clock, request };
    this.sent.push(sent);
    if (this.connects(sent) && may?.() === false) return Promise.reject(new Recalled());
    return new Promise((resolve, reject) => {
      this.after(this.latency, () => {
        const answer = this.answer(sent);
        if (answer instanceof Error) reject(answer);
        else {
          const partial = typeof answer === 'number' ? { status: answer } : answer;
          resolve({ status: 200, headers: {}, body: '', ...partial, at: this.clock });
        }
      });
    });
  };
}

/** Every promise that can settle without time passing has settled. */
async function settled(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve();
}

/** Counts of one route by outcome, over all reasons. */
export function outcomesOf(drain: Drain, route: string): Record<string, number> {
  const outcomes = drain.counters()[`shop/${route}`]?.outcomes ?? {};
  return Object.fromEntries(
    Object.entries(outcomes).map(([outcome, reasons]) => [outcome, Object.values(reasons).reduce((a, b) => a + b, 0)]),
  );
}
