import { PROMOTION_KEYS } from '../../core/ga4-web.ts';
import { LeftOutTally } from '../../core/left-out.ts';
import type { Hit, InvalidEvent, Problem, HitReading, SourceEvent, Visitor } from '../hit.ts';
import { decodeItem } from './item.ts';
import { type Draft, KEYS, NAMED_PARAMS } from './keys.ts';
import { badRequest, cutText, finiteNumber, IDENTIFIER_PARAMS, isUnsafeName, LIMITS, tooLarge } from '../limits.ts';
import { decodePart } from '../percent.ts';
import { settle } from '../settle.ts';

/** Counts and facts of the whole hit while its lists are read. */
interface Tally {
  version: string | undefined;
  stream: string | undefined;
  /** Keys of the event being read, items not counted. */
  keys: number;
  unknown: number;
  readonly leftOut: LeftOutTally;
}

/**
 * Reads a GA4 web hit (`destinations/ga4.md` 3). Shared keys are in the query, one event per line of the body; a
 * line's keys override the query's; without lines the query holds the only event. Keys that are not known are
 * dropped and counted. An event that cannot be used is marked as invalid, and the others are still used; lines past the
 * limit are left out and counted.
 */
export function readCollect(hit: Hit, visitor: Visitor): HitReading | Problem {
  const tally: Tally = { version: undefined, stream: undefined, keys: 0, unknown: 0, leftOut: new LeftOutTally() };
  const shared: Draft = { event_time: hit.at };
  const fault = readList(hit.query, shared, tally);
  if (fault === TWO_STREAMS || fault === TWO_VERSIONS) return badRequest(fault.says);

  const events: SourceEvent[] = [];
  const body = hit.method === 'POST' ? hit.body : '';
  const sharedKeys = tally.keys;
  let start = 0;
  while (start < body.length) {
    let end = body.indexOf('\n', start);
    if (end === -1) end = body.length;
    const stop = end > start && body.charCodeAt(end - 1) === CR ? end - 1 : end;
    if (stop > start) {
      // The query is copied into each line, so the sum is checked before that is done.
      if ((events.length + 1) * hit.query.length + body.length > LIMITS.expanded) return tooLarge(countLines(body));
      if (events.length === LIMITS.events) {
        tally.leftOut.add('events');
      } else {
        const draft = copy(shared);
        tally.keys = sharedKeys;
        const wrong = readList(body.slice(start, stop), draft, tally, true);
        events.push(completed(draft, visitor, fault ?? wrong, tally));
      }
    }
    start = end + 1;
  }
  if (events.length === 0) events.push(completed(shared, visitor, fault, tally));

  if (tally.version !== '2')
    return badRequest('`v=2` is missing: only version 2 of the GA4 web protocol is read here.');
  if (tally.stream === undefined)
    return badRequest('`tid` is missing: it names the measurement id, e.g. `G-XXXXXXXXXX`.');
  const { stream, unknown, leftOut } = tally;
  return { stream, events, unknownKeys: unknown, leftOut: leftOut.counts };
}

/** An event whose keys have all been read. */
function completed(raw: Draft, visitor: Visitor, fault: InvalidEvent | undefined, { leftOut }: Tally): SourceEvent {
  const invalid = fault ?? (raw.event_name === undefined || raw.event_name === '' ? NO_NAME : undefined);
  if (invalid !== undefined) return { raw, visitor, invalid };
  // Without the gaps that `pr<n>` may leave.
  if (raw.items !== undefined) raw.items = raw.items.filter(() => true);
  settle(raw, leftOut);
  return { raw, visitor };
}

const NO_NAME: InvalidEvent = {
  field: 'en',
  says: '`en`, the name of the event, is missing in the query and in its line.',
};
const TOO_MANY_KEYS: InvalidEvent = {
  field: undefined,
  says: `An event has at most ${LIMITS.keys} keys, its items not counted.`,
};
const TWO_STREAMS: InvalidEvent = { field: 'tid', says: '`tid` names two measurement ids.' };
const TWO_VERSIONS: InvalidEvent = { field: 'v', says: '`v` names two versions of the protocol.' };

const CR = 13;

/** Lines of a body that are not empty. */
function countLines(body: string): number {
  let lines = 0;
  for (const line of body.split('\n')) if (line.trim() !== '') lines++;
  return lines;
}

/**
 * Reads one `key=value&...` list. Each search for a kind of sign starts at its last match, so the whole list is searched
 * once, whatever is in it; `indexOf` is several times as fast here as a loop over characters.
 * @param line it is a line of the body, not the query
 * @returns why the event cannot be used; undefined = it can
 */
function readList(list: string, draft: Draft, tally: Tally, line = false): InvalidEvent | undefined {
  const { length } = list;
  let equals = -1;
  let percent = -1;
  let plus = -1;
  // Even with a fault the list is read to the end, because any key in it may take consent away.
  let fault: InvalidEvent | undefined;
  for (let start = 0, end: number; start < length; start = end + 1) {
    end = orEnd(list.indexOf('&', start), length);
    if (end === start) continue;
    if (equals < start) equals = orEnd(list.indexOf('=', start), length);
    if (percent < start) percent = orEnd(list.indexOf('%', start), length);
    if (plus < start) plus = orEnd(list.indexOf('+', start), length);
    // A key without `=` is a flag without a value (`richsstsse`).
    const middle = Math.min(equals, end);
    const coded = Math.min(percent, plus);
    let value = coded < end ? decodePart(list, middle + 1, end) : list.slice(middle + 1, end);
    const known = KEYS.find(list, start, middle);
    if (value.length > LIMITS.string) value = shortened(value, known === PAGE, tally);
    if (known !== undefined) {
      if (++tally.keys > LIMITS.keys) fault ??= TOO_MANY_KEYS;
      // A key that comes again without a value says nothing; in a line it takes back what the query says for all lines.
      if (value === '' && !line) continue;
      if (!known(draft, value)) tally.unknown++;
      continue;
    }
    const key = coded < middle ? decodePart(list, start, middle) : list.slice(start, middle);
    if (key.length > LIMITS.string) {
      tally.unknown++;
      continue;
    }
    const wrong = take(key, value, draft, tally);
    fault ??= wrong;
  }
  return fault;
}

const PAGE = KEYS.find('dl', 0, 2);

/** A value cut to its longest length. Half a query pair would be another value, so from an address whole pairs are cut. */
function shortened(value: string, address: boolean, { leftOut }: Tally): string {
  leftOut.add('cut');
  const cut = cutText(value);
  if (!address) return cut;
  const pair = Math.max(cut.lastIndexOf('&'), cut.lastIndexOf('?'), cut.lastIndexOf('#'));
  return pair > 0 ? cut.slice(0, pair) : cut;
}

/** The index, or the end of the text for -1. */
function orEnd(at: number, length: number): number {
  return at === -1 ? length : at;
}

/** Puts one decoded pair into its field, or drops and counts it. */
function take(key: string, value: string, draft: Draft, tally: Tally): InvalidEvent | undefined {
  const known = KEYS.find(key, 0, key.length);
  if (known === undefined && key.startsWith('pr') && takeItem(key, value, draft, tally)) return undefined;
  const tooMany = ++tally.keys > LIMITS.keys ? TOO_MANY_KEYS : undefined;
  if (known !== undefined) {
    if (!known(draft, value)) tally.unknown++;
    return tooMany;
  }
  if (tooMany !== undefined) return tooMany;
  if (key.startsWith('ep') || key.startsWith('up')) return takeCustom(key, value, draft, tally);
  if (key === 'v') {
    if (value === '') return undefined;
    if (tally.version !== undefined && tally.version !== value) return TWO_VERSIONS;
    tally.version = value;
  } else if (key === 'tid') {
    if (value === '') return undefined;
    if (tally.stream !== undefined && tally.stream !== value) return TWO_STREAMS;
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
function takeCustom(key: string, value: string, draft: Draft, tally: Tally): InvalidEvent | undefined {
  const numeric = key.charCodeAt(2) === N;
  const dot = numeric ? 3 : 2;
  const name = key.slice(dot + 1);
  if (key.charCodeAt(dot) !== DOT || name === '' || isUnsafeName(name)) {
    tally.unknown++;
    return undefined;
  }
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

/** The start of a line: a copy of the query's values. */
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
  if (draft.privacy_keys !== undefined) draft.privacy_keys = { ...draft.privacy_keys };
  return draft;
}
