import { PROMOTION_KEYS } from '../core/ga4-web.ts';
import type { Hit, Problem, Reading, SourceEvent, Visitor } from './hit.ts';
import { decodeItem } from './ga4-item.ts';
import { type Draft, KEYS, NAMED_PARAMS } from './ga4-keys.ts';
import { badRequest, finiteNumber, IDENTIFIER_PARAMS, isUnsafeName, LIMITS } from './limits.ts';
import { decodePart } from './percent.ts';

/** What is known of the hit as a whole while its lists are read. */
interface Tally {
  version: string | undefined;
  stream: string | undefined;
  /** Keys of the event being read, items not counted. */
  keys: number;
  unknown: number;
}

/**
 * Reads a GA4 web hit (`destinations/ga4.md` 3). Shared keys are in the query, one event per line of the body; a
 * line's keys override the query's; without lines the query holds the only event. Keys that are not known are
 * dropped and counted.
 */
export function readCollect(hit: Hit, visitor: Visitor): Reading | Problem {
  const tally: Tally = { version: undefined, stream: undefined, keys: 0, unknown: 0 };
  const shared: Draft = { event_time: hit.at };
  const fault = readList(hit.query, 0, hit.query.length, shared, tally);
  if (fault !== undefined) return fault;

  const events: SourceEvent[] = [];
  const body = hit.method === 'POST' ? hit.body : '';
  const sharedKeys = tally.keys;
  let start = 0;
  while (start < body.length) {
    let end = body.indexOf('\n', start);
    if (end === -1) end = body.length;
    const stop = end > start && body.charCodeAt(end - 1) === CR ? end - 1 : end;
    if (stop > start) {
      if (events.length === LIMITS.events)
        return badRequest(`A hit has at most ${LIMITS.events} events, one per line.`);
      const draft = copy(shared);
      tally.keys = sharedKeys;
      const wrong = readList(body, start, stop, draft, tally);
      if (wrong !== undefined) return wrong;
      events.push({ raw: draft, visitor });
    }
    start = end + 1;
  }
  if (events.length === 0) events.push({ raw: shared, visitor });

  if (tally.version !== '2')
    return badRequest('`v=2` is missing: only version 2 of the GA4 web protocol is read here.');
  if (tally.stream === undefined)
    return badRequest('`tid` is missing: it names the measurement id, e.g. `G-XXXXXXXXXX`.');
  for (const { raw } of events) {
    if (raw.event_name === undefined || raw.event_name === '') {
      return badRequest('`en`, the name of the event, is missing in the query and in at least one line.');
    }
    if (raw.items !== undefined) raw.items = dense(raw.items);
  }
  return { source: 'ga4-collect', stream: tally.stream, events, unknownKeys: tally.unknown };
}

const AMPERSAND = 38;
const EQUALS = 61;
const PERCENT = 37;
const PLUS = 43;
const CR = 13;

/** Reads one `key=value&...` list in one pass. */
function readList(list: string, from: number, to: number, draft: Draft, tally: Tally): Problem | undefined {
  let start = from;
  while (start < to) {
    let equals = -1;
    let keyCoded = false;
    let valueCoded = false;
    let end = start;
    for (; end < to; end++) {
      const code = list.charCodeAt(end);
      if (code === AMPERSAND) break;
      if (code === EQUALS && equals === -1) {
        equals = end;
      } else if (code === PERCENT || code === PLUS) {
        if (equals === -1) keyCoded = true;
        else valueCoded = true;
      }
    }
    if (end > start) {
      // A key without `=` is a flag without a value (`richsstsse`).
      if (equals === -1) equals = end;
      const key = keyCoded ? decodePart(list, start, equals) : list.slice(start, equals);
      const value = valueCoded ? decodePart(list, equals + 1, end) : list.slice(equals + 1, end);
      if (key.length > LIMITS.string || value.length > LIMITS.string) {
        return badRequest(`A name or a value is longer than ${LIMITS.string} characters.`);
      }
      const fault = take(key, value, draft, tally);
      if (fault !== undefined) return fault;
    }
    start = end + 1;
  }
  return undefined;
}

/** Puts one decoded pair where it belongs, or drops and counts it. */
function take(key: string, value: string, draft: Draft, tally: Tally): Problem | undefined {
  const known = KEYS.get(key);
  if (known === undefined && key.startsWith('pr') && takeItem(key, value, draft, tally)) return undefined;
  if (++tally.keys > LIMITS.keys) return badRequest(`An event has at most ${LIMITS.keys} keys, its items not counted.`);
  if (known !== undefined) {
    if (!known(draft, value)) tally.unknown++;
    return undefined;
  }
  if (key.startsWith('ep') || key.startsWith('up')) return takeCustom(key, value, draft, tally);
  if (key === 'v') {
    tally.version = tally.version === undefined || tally.version === value ? value : '';
  } else if (key === 'tid') {
    if (value === '') return undefined;
    if (tally.stream !== undefined && tally.stream !== value) return badRequest('`tid` names two measurement ids.');
    tally.stream = value;
  } else {
    const promotion = PROMOTION_KEYS.get(key);
    if (promotion === undefined) tally.unknown++;
    else if (value !== '') (draft.params ??= emptyRecord())[promotion] = value;
  }
  return undefined;
}

/** `pr1` ... `pr200`; false = not an item's key. */
function takeItem(key: string, value: string, draft: Draft, tally: Tally): boolean {
  if (key.length < 3 || key.length > 5) return false;
  const position = Number(key.slice(2));
  if (!(position >= 1 && position <= LIMITS.items)) return false;
  const { item, unknown } = decodeItem(value);
  tally.unknown += unknown;
  // By position, so that a line's item overrides the query's; the gaps are closed when the event is complete.
  (draft.items ??= [])[position - 1] = item;
  return true;
}

/** `ep.<name>`, `up.<name>`, and with `n` before the dot the numeric ones. */
function takeCustom(key: string, value: string, draft: Draft, tally: Tally): Problem | undefined {
  const numeric = key.charCodeAt(2) === N;
  const dot = numeric ? 3 : 2;
  const name = key.slice(dot + 1);
  if (key.charCodeAt(dot) !== DOT || name === '') {
    tally.unknown++;
    return undefined;
  }
  if (isUnsafeName(name)) return badRequest('A parameter has a name that is refused: `__proto__`.');
  const target = key.charCodeAt(0) === E ? 'params' : 'user_properties';
  const named = target === 'params' ? NAMED_PARAMS.get(name) : undefined;
  if (named !== undefined) {
    if (!named(draft, value)) tally.unknown++;
    return undefined;
  }
  const stored = IDENTIFIER_PARAMS.has(name) ? undefined : numeric ? finiteNumber(value) : value;
  if (stored === undefined) tally.unknown++;
  else (draft[target] ??= emptyRecord<string | number | boolean>())[name] = stored;
  return undefined;
}

const N = 110;
const E = 101;
const DOT = 46;

/** A record for names that came from outside: without a prototype, no name in it means anything (R73). */
function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}

/** What a line starts from: the query's values, in records of its own. */
function copy(shared: Draft): Draft {
  const draft = { ...shared };
  if (draft.params !== undefined) draft.params = Object.assign(emptyRecord(), draft.params);
  if (draft.user_properties !== undefined) {
    draft.user_properties = Object.assign(emptyRecord(), draft.user_properties);
  }
  if (draft.items !== undefined) draft.items = draft.items.slice();
  if (draft.ga4_transport !== undefined) draft.ga4_transport = { ...draft.ga4_transport };
  if (draft.campaign !== undefined) draft.campaign = { ...draft.campaign };
  if (draft.client_hints !== undefined) draft.client_hints = { ...draft.client_hints };
  if (draft.consent_mode !== undefined) draft.consent_mode = { ...draft.consent_mode };
  return draft;
}

/** Items in order of position, without the gaps. */
function dense<T>(items: readonly T[]): readonly T[] {
  return items.filter(() => true);
}
