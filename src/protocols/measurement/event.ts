import type { RawEvent } from '../../core/fields.ts';
import { sha256Hex } from '../../core/hash.ts';
import type { LeftOutTally } from '../../core/left-out.ts';
import { asObject } from '../../core/reply.ts';
import type { InvalidEvent, SourceEvent, Visitor } from '../hit.ts';
import { mistakesOf, wellFormed } from '../json-parts.ts';
import type { ShapeFault } from '../json-text.ts';
import { IDENTIFIER_PARAMS } from '../limits.ts';
import { isReservedEvent, NAME, RESERVED_PREFIX } from '../names.ts';
import { params as paramsSchema } from '../params.ts';
import { settle } from '../settle.ts';
import type { Code, Remarks } from './remarks.ts';

/** What a body says of all of its events. */
export interface Common {
  /** When it came, unix milliseconds. */
  readonly at: number;
  readonly visitor: Visitor;
  /** Fields that every event has. */
  readonly raw: RawEvent;
  /** `timestamp_micros` of the request. */
  readonly micros: number | undefined;
  readonly about: Remarks;
  readonly leftOut: LeftOutTally;
  /** Names that were dropped. */
  readonly dropped: { count: number };
}

/** Parameters that have a field of their own beside those of JSON events. */
const OWN_TEXTS = [
  'session_id',
  'page_location',
  'page_referrer',
  'page_title',
  'language',
  'screen_resolution',
  'event_id',
] as const satisfies readonly (keyof RawEvent)[];

/** The most that Google takes of one event (`destinations/ga4.md` 2.4): the route sends no more, and the sender is told. */
const MOST_PARAMS = 25;

const BAD_NAME = 'expected a name that starts with a letter and has at most 40 letters, digits and `_`';

/** Reads one event. If it cannot be used it is marked as invalid, and the others are still used. */
export function readEvent(value: unknown, i: number, of: Common, faults: readonly ShapeFault[]): SourceEvent {
  const path = ['events', i];
  const bad = (field: InvalidEvent['field'], code: Code, says: string): SourceEvent => {
    of.about.add(field === undefined ? path : [...path, field], code, says);
    return invalid(of, { field, says: `events[${i}]${field === undefined ? '' : `.${field}`}: ${says}` });
  };
  const [fault] = faults;
  if (fault !== undefined) {
    of.about.add(fault.path, 'NAME_INVALID', fault.message);
    return invalid(of, { field: undefined, says: `events[${i}]: ${fault.message}` });
  }
  const event = asObject(value);
  if (event === undefined) return bad(undefined, 'VALUE_INVALID', 'expected an event: an object with a name');
  const { name, params: given, timestamp_micros, ...others } = event;
  if (name === undefined || name === null || name === '') return bad('name', 'VALUE_REQUIRED', 'expected a name');
  if (typeof name !== 'string' || !NAME.test(name)) return bad('name', 'NAME_INVALID', BAD_NAME);
  if (isReservedEvent(name)) return bad('name', 'NAME_RESERVED', 'this name is reserved by Google Analytics');
  of.dropped.count += Object.keys(others).length;

  const params = given === undefined || given === null ? {} : asObject(given);
  if (params === undefined) return bad('params', 'VALUE_INVALID', 'expected an object of parameters');
  const { timestamp_micros: ofParams, ...rest } = params;
  const micros = readMicros(timestamp_micros ?? ofParams);
  if (micros === 'unreadable') return bad('timestamp_micros', 'VALUE_INVALID', MICROS);

  const draft: RawEvent = { ...of.raw, event_name: name };
  const wrong = readParams(rest, draft, [...path, 'params'], of);
  if (wrong !== undefined) return invalid(of, { field: 'params', says: wrong });
  const stamp = micros ?? of.micros;
  draft.event_time = stamp === undefined ? of.at : Math.min(Math.floor(stamp / 1000), of.at);
  // A sender that repeats a request sends the same values, and no other event has them.
  if (stamp !== undefined) {
    draft.retry_key = sha256Hex(JSON.stringify([of.visitor.clientId ?? '', name, stamp, i]));
  }
  settle(draft, of.leftOut);
  return { raw: draft, visitor: of.visitor };
}

export const MICROS = 'expected a unix time in microseconds, 16 digits';

/** Unix microseconds, as a number or as its digits: seconds and milliseconds have fewer of them. */
export function readMicros(value: unknown): number | undefined | 'unreadable' {
  if (value === undefined || value === null || value === '') return undefined;
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && /^[1-8]\d{15}$/.test(text) ? Number(text) : 'unreadable';
}

function invalid({ at, visitor }: Common, why: InvalidEvent): SourceEvent {
  return { raw: { event_time: at }, visitor, invalid: why };
}

/** Puts parameters into their fields. @returns why the event cannot be used; undefined = it can */
function readParams(
  given: Readonly<Record<string, unknown>>,
  draft: RawEvent,
  path: readonly PropertyKey[],
  { about, leftOut, dropped }: Common,
): string | undefined {
  const rest: Record<string, unknown> = { ...given };
  for (const name of OWN_TEXTS) {
    const value = given[name];
    delete rest[name];
    if (value === undefined || value === null || value === '') continue;
    if (typeof value !== 'string' && !(typeof value === 'number' && Number.isFinite(value))) {
      about.add([...path, name], 'VALUE_INVALID', 'expected a text');
      return `${name}: expected a text`;
    }
    draft[name] = wellFormed(String(value));
  }
  for (const name of Object.keys(rest)) {
    const why = whyKept(name);
    if (why === undefined) continue;
    delete rest[name];
    dropped.count++;
    about.add([...path, name], 'NAME_RESERVED', why);
  }
  if (Object.keys(given).length > MOST_PARAMS) {
    about.add(
      path,
      'EXCEEDED_MAX_ENTITIES',
      `Google takes at most ${MOST_PARAMS} parameters of an event: no more are sent`,
    );
  }
  const read = paramsSchema.safeParse(rest);
  if (!read.success) {
    const mistakes = mistakesOf(read.error, path);
    about.addAll(mistakes);
    return `params: ${mistakes[0]?.message ?? 'unreadable'}`;
  }
  const { leftOut: kinds, custom, debug_mode, ...fields } = read.data;
  for (const kind of kinds) leftOut.add(kind);
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== '') Object.assign(draft, { [name]: value });
  }
  if (debug_mode === true) draft.debug_mode = true;
  if (custom !== undefined) draft.params = custom;
  return undefined;
}

/** Why a parameter is left out, while the event is still used; undefined = it is kept. */
function whyKept(name: string): string | undefined {
  if (RESERVED_PREFIX.test(name)) return 'this name is reserved by Google: it is left out';
  if (IDENTIFIER_PARAMS.has(name)) {
    return 'an identifier belongs into a field that consent decides about: it is left out';
  }
  return undefined;
}
