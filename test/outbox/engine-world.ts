import { writeBody, type Planned } from '../../src/delivery/event-body.ts';
import type { OutboxRecord, Withdrawal } from '../../src/delivery/outbox.ts';
import type { Page, QueuedRecord } from '../../src/delivery/store.ts';
import type { Committed } from '../../src/outbox/commit.ts';
import type { OutboxStore } from '../../src/outbox/engine.ts';
import { storePolicyOf, type StorePolicy } from '../../src/outbox/store-policy.ts';
import { fieldSet } from '../../src/policy/field-set.ts';
import { DAY, permit, testGateway } from '../support/delivery.ts';

/** The port as the suite asks it: an engine may answer later. */
type Asked = { readonly dead: OutboxStore['dead'] } & {
  readonly [K in Exclude<keyof OutboxStore, 'dead'>]: OutboxStore[K] extends (...args: infer A) => infer R
    ? (...args: A) => R | Promise<R>
    : OutboxStore[K] | Promise<OutboxStore[K]>;
};

/** An engine that is open, and what a test needs beside the port. */
export interface Opened {
  readonly engine: Asked;
  readonly close: () => unknown;
  /** As after the end of the process; undefined where nothing is durable. The engine before is not used again. */
  readonly reopen?: () => Opened | Promise<Opened>;
}

/** Opens an engine that is empty. */
export type OpenEngine = (policy: () => StorePolicy, now: () => number) => Opened | Promise<Opened>;

export const START = 1_700_000_000_000;

/** The routes of the tests, and the signals that each cannot do without. */
export const NEEDS: Readonly<Record<string, number>> = { a: 0b0001, b: 0b0010, c: 0b1111 };
/** The field that only this route gets, beside those that all get. */
export const OWN: Readonly<Record<string, string>> = { a: 'page_title', b: 'search_term', c: 'coupon' };
export const ROUTES = Object.keys(NEEDS);

const bits = (routes: readonly string[]): string =>
  fieldSet(['event_name', ...routes.map((route) => OWN[route] as string)].map((field) => ({ field }) as never));

const GATEWAY = testGateway(
  ROUTES.map((name) => ({
    name,
    permits: Array.from({ length: 16 }, (_, granted) => {
      const enough = (granted & (NEEDS[name] as number)) === NEEDS[name];
      return enough ? { ...permit('full'), bits: bits(ROUTES) } : permit('blocked', '0');
    }),
  })),
);

export const POLICY: StorePolicy = { ...storePolicyOf(GATEWAY, false), remembers: () => true };

export interface Told {
  readonly subjects?: readonly string[];
  readonly acceptedAt?: number;
  readonly decidedAt?: number;
  readonly consentDay?: number;
  readonly mark?: string;
  readonly lasting?: boolean;
  readonly signals?: number;
  readonly rule?: string;
}

/** An event for these routes, as the gateway writes it: each has a field of its own in it. */
export function eventFor(routes: readonly string[], name: string, told: Told = {}): OutboxRecord {
  const { acceptedAt = START, subjects = [], mark = '', lasting = false, signals = 127 } = told;
  const planned = routes.map((route) => ({
    route: { destination: { name: route } },
    permit: { prepared: [], sealed: [] },
    view: { event_name: name, [OWN[route] as string]: `only for ${route}` },
    context: { refused: 0, hitId: `hit of ${name}`, source: 'js', siteCountry: 'NO' },
  })) as unknown as [Planned, ...Planned[]];
  return {
    acceptedAt,
    decidedAt: told.decidedAt ?? acceptedAt,
    consentDay: told.consentDay,
    lasting,
    policy: 'policy-1',
    subjects,
    routes: routes.map((route) => ({
      route: `shop/${route}`,
      type: route,
      mark,
      expiresAt: acceptedAt + DAY,
      signals,
      fields: bits([route]),
      limited: false,
      params: undefined,
      rule: told.rule,
    })),
    body: writeBody({}, planned),
  };
}

/** What this visitor allows from now on. */
export function withdrawal(subject: string, at: number, signals = 0, closedRoutes: readonly string[] = []): Withdrawal {
  return { site: 'shop', subject, signals, closedRoutes, at };
}

/** The name of a stored event, and the fields that are stored of it beside its name. */
export function contentOf(record: QueuedRecord): { readonly name: string; readonly fields: readonly string[] } {
  const body = record.body();
  if ('element' in body) throw new Error('an event in a vendor form');
  const { event_name: name, ...fields } = body.fields;
  return { name: String(name), fields: Object.keys(fields).sort() };
}

/** An engine under test: every call is awaited, so that one that answers later passes, too. */
export class EngineWorld {
  now = START;
  opened!: Opened;
  readonly #open: OpenEngine;
  /** What the store must know of the configuration. */
  policy = POLICY;

  constructor(open: OpenEngine) {
    this.#open = open;
  }

  async start(): Promise<this> {
    this.opened = await this.#open(
      () => this.policy,
      () => this.now,
    );
    return this;
  }

  get engine(): Asked {
    return this.opened.engine;
  }

  async commit(records: readonly OutboxRecord[], withdrawals: readonly Withdrawal[] = []): Promise<Committed> {
    return await this.engine.commit([{ records, withdrawals }]);
  }

  /** All that waits for a route, read two at a time. */
  async read(route: string): Promise<readonly QueuedRecord[]> {
    const records: QueuedRecord[] = [];
    for (let after = 0, more = true; more; ) {
      const page: Page = await this.engine.read(`shop/${route}`, after, 2);
      records.push(...page.records);
      ({ upTo: after, more } = page);
    }
    return records;
  }

  async names(route: string): Promise<readonly string[]> {
    return (await this.read(route)).map((record) => contentOf(record).name);
  }

  /** The id of an event that waits for a route. */
  async idOf(route: string, name: string): Promise<number> {
    const found = (await this.read(route)).find((record) => contentOf(record).name === name);
    if (found === undefined) throw new Error(`${name} does not wait for ${route}`);
    return found.id;
  }
}
