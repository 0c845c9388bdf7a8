import type { Append } from './commit.ts';
import type { OutboxRecord, RecordRoute, Withdrawal } from '../delivery/outbox.ts';

/** One flat list, because threads and Durable Objects copy it several times as fast as objects. */
export type Flat = (string | number | boolean | undefined)[];

/**
 * Stands for the number of a record's subjects, or of a route's mark: the same as before. The records of a hit share
 * these.
 */
const SAME = -1;
/** Stands for the number of a route's parameters: all. */
const ALL = -1;

/** Adds to `flat` what `unflatten` reads. */
export function flatten(flat: Flat, records: readonly OutboxRecord[], withdrawals: readonly Withdrawal[]): void {
  flat.push(records.length, withdrawals.length);
  let subjects: readonly string[] | undefined;
  for (const record of records) {
    flat.push(record.acceptedAt, record.decidedAt, record.lasting, record.policy, record.body, record.consentDay);
    if (record.subjects === subjects) flat.push(SAME);
    else flat.push(record.subjects.length, ...record.subjects);
    subjects = record.subjects;
    flat.push(record.routes.length);
    let mark = '';
    for (const route of record.routes) {
      flat.push(route.route, route.type, route.mark === mark ? SAME : route.mark, route.expiresAt);
      flat.push(route.signals, route.fields, route.limited, route.rule);
      mark = route.mark;
      if (route.params === undefined) flat.push(ALL);
      else flat.push(route.params.length, ...route.params);
    }
  }
  for (const { site, subject, signals, at, closedRoutes } of withdrawals) {
    flat.push(site, subject, signals, at, closedRoutes.length, ...closedRoutes);
  }
}

/** The appends of a message, in order. */
export function unflatten(flat: Flat): Append[] {
  const read = new Reader(flat);
  const appends: Append[] = [];
  while (read.more) {
    const recordCount = read.number();
    const withdrawalCount = read.number();
    const records: OutboxRecord[] = [];
    let subjects: readonly string[] = [];
    for (let i = 0; i < recordCount; i++) {
      const [acceptedAt, decidedAt, lasting] = [read.number(), read.number(), read.flag() === true];
      const [policy, body, consentDay] = [read.text(), read.text(), read.maybe()];
      subjects = read.texts() ?? subjects;
      records.push({ acceptedAt, decidedAt, consentDay, lasting, policy, body, subjects, routes: routesOf(read) });
    }
    const withdrawals: Withdrawal[] = [];
    for (let i = 0; i < withdrawalCount; i++) {
      const withdrawal = { site: read.text(), subject: read.text(), signals: read.number(), at: read.number() };
      withdrawals.push({ ...withdrawal, closedRoutes: read.texts() ?? [] });
    }
    appends.push({ records, withdrawals });
  }
  return appends;
}

function routesOf(read: Reader): RecordRoute[] {
  const routes: RecordRoute[] = [];
  let mark = '';
  for (let left = read.number(); left > 0; left--) {
    routes.push({
      route: read.text(),
      type: read.text(),
      mark: (mark = read.textOrSame() ?? mark),
      expiresAt: read.number(),
      signals: read.number(),
      fields: read.text(),
      limited: read.flag(),
      rule: read.maybeText(),
      params: read.texts(),
    });
  }
  return routes;
}

/** Reads a list of `flatten`. The order decides the types. */
class Reader {
  readonly #flat: Flat;
  #at = 0;

  constructor(flat: Flat) {
    this.#flat = flat;
  }

  get more(): boolean {
    return this.#at < this.#flat.length;
  }

  text(): string {
    return this.#flat[this.#at++] as string;
  }

  number(): number {
    return this.#flat[this.#at++] as number;
  }

  flag(): boolean | undefined {
    return this.#flat[this.#at++] as boolean | undefined;
  }

  maybe(): number | undefined {
    return this.#flat[this.#at++] as number | undefined;
  }

  maybeText(): string | undefined {
    return this.#flat[this.#at++] as string | undefined;
  }

  /** Undefined = `SAME`. */
  textOrSame(): string | undefined {
    const text = this.#flat[this.#at++];
    return text === SAME ? undefined : (text as string);
  }

  /** Texts with their number before them; undefined = `SAME` or `ALL`. */
  texts(): string[] | undefined {
    const count = this.number();
    return count < 0 ? undefined : (this.#flat.slice(this.#at, (this.#at += count)) as string[]);
  }
}
