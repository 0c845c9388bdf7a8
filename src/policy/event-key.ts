import type { CookieReading } from '../cookies/index.ts';
import { browserOf } from '../cookies/subjects.ts';
import type { RawEvent } from '../core/fields.ts';
import { isPlaceholder } from '../core/placeholders.ts';
import { BIT, type SignalMask } from '../core/signals.ts';
import type { Cleaner } from '../privacy/cleaner.ts';
import type { Hit, Visitor } from '../protocols/hit.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { SentBy } from '../protocols/admission.ts';

/** The ids that an event came with, without placeholders and without ids that identify a person. */
export interface GivenIds {
  /** The event's own id: `ep.event_id` of a web hit, `id` of a JSON event. */
  readonly event: string | undefined;
  /** The order number of a purchase. */
  readonly order: string | undefined;
  /** Made from the sender's values of the event; it is sent to no vendor. */
  readonly retry: string | undefined;
}

/** What the repeats of an event have in common. Raw: hashed under the site's key before anything is stored. */
export interface EventKey {
  /** Event name, id and whose it is. */
  readonly own: string;
  /** The same of the tag's repeat after ad consent, where that is an event of its own. */
  readonly repeat: string;
  /** Of the form that identifies nobody: event name, id and page load. */
  readonly nobody: string;
  /**
   * The id stands for one event on every route. False for an `event_id` that the tag sent: one for all that happens on
   * a page is usual, so it counts only where the vendor deduplicates by it.
   */
  readonly everywhere: boolean;
}

/** Reads the ids of an event. A text that has personal data or another id in it is not taken as an id. */
export function givenIds(raw: RawEvent, cleaner: Cleaner): GivenIds {
  return {
    event: usable(raw.event_id, cleaner),
    order: raw.event_name === 'purchase' ? usable(raw.transaction_id, cleaner) : undefined,
    retry: raw.retry_key,
  };
}

function usable(id: string | undefined, cleaner: Cleaner): string | undefined {
  return id === undefined || isPlaceholder(id) || !cleaner.isId(id) ? undefined : id;
}

/** Who is behind an event, as far as a repeat of it is concerned. */
export interface EventOrigin {
  readonly hit: Hit;
  readonly protocol: Pick<Protocol, 'ownEventIds'>;
  readonly sender: SentBy;
  readonly visitor: Visitor;
  readonly jar: CookieReading;
  /** Signals in force for the site. */
  readonly signals: SignalMask;
}

/**
 * The key by which a repeat of the event is found; undefined where the event has no id that a repeat would have, too.
 * The id alone is not enough: somebody who guesses an order number must not turn the real order into a duplicate.
 * @param replaced the visitor's replaced id, on a site that replaces ids; undefined within it = the visitor has none
 */
export function eventKey(
  raw: RawEvent,
  { event, order, retry }: GivenIds,
  from: EventOrigin,
  replaced?: { readonly id: string | undefined },
): EventKey | undefined {
  const id = order ?? retry ?? event;
  if (id === undefined) return undefined;
  const name = raw.event_name ?? '';
  const { hit, protocol, sender } = from;
  const page = raw.page_load_id === undefined || raw.page_load_id === '' ? `hit:${hit.id}` : `p:${raw.page_load_id}`;
  // Ids that a back end gives are unique in that back end, whoever the event is about.
  const otherwise = sender === 'backend' ? 'backend' : page;
  const subject = replaced === undefined ? subjectOf(raw, from) : replaced.id && `replaced:${replaced.id}`;
  const whose = subject ?? otherwise;
  return {
    own: joined(name, id, whose),
    repeat: joined(name, `${id}#repeat`, whose),
    nobody: joined(name, id, otherwise),
    everywhere: (order ?? retry) !== undefined || protocol.ownEventIds,
  };
}

/**
 * The visitor as it came, before any cap, where its signal is in force: the client id of the event, else of `_ga`, else
 * the own id, else `_fbp`. A browser without any of them has the own id that this answer issues: a repeat brings it.
 */
function subjectOf(raw: RawEvent, { visitor, jar, signals, sender }: EventOrigin): string | undefined {
  const cid = (signals & BIT.analytics_storage) === 0 ? undefined : raw.client_id || visitor.clientId;
  if (cid !== undefined && cid !== '') return `ga:${cid}`;
  const { own_id } = jar.identifiers;
  return browserOf(jar.carried) ?? (sender !== 'browser' || own_id === undefined ? undefined : `own:${own_id}`);
}

/** Whose an event is by this key of it (`own`, `repeat`); undefined = the key does not say, or nobody's in particular. */
export function whoseOf(key: string): string | undefined {
  let at = 0;
  for (let part = 0; part < 2; part++) {
    const length = /^\d+(?=\|)/.exec(key.slice(at, at + 8))?.[0];
    if (length === undefined) return undefined;
    at += length.length + 1 + Number(length) + 1;
  }
  const whose = key.slice(at);
  return whose === '' || whose === 'backend' || whose.startsWith('hit:') ? undefined : whose;
}

/** Joins the texts with their lengths, so that different parts never give the same key. */
function joined(name: string, id: string, whose: string): string {
  return `${name.length}|${name}|${id.length}|${id}|${whose}`;
}
