import type { RawEvent, Scalars } from '../../core/fields.ts';
import { countryCode } from '../../core/countries.ts';
import { LeftOutTally } from '../../core/left-out.ts';
import { asObject } from '../../core/reply.ts';
import type { Hit, Problem, HitReading, Visitor } from '../hit.ts';
import { wellFormed } from '../json-parts.ts';
import { faultyEvent, parseBody, type ShapeFault } from '../json-text.ts';
import { IDENTIFIER_PARAMS, LIMITS } from '../limits.ts';
import { isName, RESERVED_PREFIX } from '../names.ts';
import { type Common, MICROS, readEvent, readMicros } from './event.ts';
import { Remarks } from './remarks.ts';
import { readStatement } from './statement.ts';
import { readUserData } from './user-data.ts';

type Body = Readonly<Record<string, unknown>>;

/**
 * Reads a body of the GA4 Measurement Protocol (`protocols/measurement-protocol.md` 3). If a part that holds for all
 * events cannot be read, the body is refused. A detail that cannot be used is left out. An event that cannot be used is
 * invalid, and the others are used. The debug path answers with all mistakes.
 */
export function readMeasurement(hit: Hit): HitReading | Problem {
  const about = new Remarks();
  const stream = streamOf(hit.query, about);
  const parsed = parseBody(hit.body);
  const body = parsed === undefined ? undefined : asObject(parsed.value);
  if (parsed === undefined || body === undefined) {
    about.add(
      [],
      'VALUE_INVALID',
      parsed === undefined ? 'the body is not valid JSON' : 'expected an object with `events`',
    );
    return about.problem;
  }
  for (const { path, message } of parsed.faults.filter(isOutside)) about.add(path, 'NAME_INVALID', message);
  const events = eventsOf(body, about);
  const micros = readMicros(body['timestamp_micros']);
  if (micros === 'unreadable') about.add(['timestamp_micros'], 'VALUE_INVALID', MICROS);
  // Every remark up to here refuses the body.
  const refused = about.list.length > 0;
  const stated = readStatement(body, about);
  if (refused || stated === undefined || stream === undefined || micros === 'unreadable') return about.problem;

  const leftOut = new LeftOutTally();
  const dropped = { count: Object.keys(body).filter((key) => !KNOWN.has(key)).length };
  const visitor = visitorOf(body, stated, about);
  const common: Common = { at: hit.at, visitor, raw: rawOf(body, about), micros, about, leftOut, dropped };
  const read = events.map((value, i) => {
    return readEvent(
      value,
      i,
      common,
      parsed.faults.filter((fault) => faultyEvent(fault) === i),
    );
  });
  return { stream, events: read, unknownKeys: dropped.count, leftOut: leftOut.counts, remarks: about.list };
}

const KNOWN: ReadonlySet<string> = new Set([
  'client_id',
  'user_id',
  'timestamp_micros',
  'user_properties',
  'user_data',
  'consent',
  'non_personalized_ads',
  'user_location',
  'ip_override',
  'device',
  'user_agent',
  'validation_behavior',
  'events',
  'portvakt',
]);

/** A fault in the name of a user property makes only this property unusable; they are checked one by one. */
function isOutside(fault: ShapeFault): boolean {
  return faultyEvent(fault) === undefined && fault.path[0] !== 'user_properties';
}

/** The measurement id of the query; undefined = there is none, and that refuses the body. */
function streamOf(query: string, about: Remarks): string | undefined {
  const said = new URLSearchParams(query);
  if (said.has('firebase_app_id')) {
    about.add(['firebase_app_id'], 'VALUE_INVALID', 'streams of apps are not supported');
    return undefined;
  }
  const [id, ...others] = new Set(said.getAll('measurement_id'));
  if (id !== undefined && id !== '' && others.length === 0) return id;
  const says = 'expected one measurement id in the query, e.g. `G-XXXXXXXXXX`';
  about.add(['measurement_id'], others.length > 0 ? 'VALUE_INVALID' : 'VALUE_REQUIRED', says);
  return undefined;
}

function eventsOf({ events }: Body, about: Remarks): readonly unknown[] {
  if (!Array.isArray(events) || events.length === 0) {
    about.add(['events'], 'VALUE_REQUIRED', 'expected a list of at least one event');
    return [];
  }
  if (events.length > LIMITS.events) {
    about.add(['events'], 'EXCEEDED_MAX_ENTITIES', `expected at most ${LIMITS.events} events`);
    return [];
  }
  return events as readonly unknown[];
}

/** The body's own fields about the visitor count before those of the extension. */
function visitorOf(body: Body, stated: Visitor, about: Remarks): Visitor {
  const location = asObject(body['user_location']);
  const country = textAt(location?.['country_id'], ['user_location', 'country_id'], about);
  const clientId = textAt(body['client_id'], ['client_id'], about) ?? stated.clientId;
  if (clientId === undefined && stated.cookies === '') {
    about.add(
      ['client_id'],
      'VALUE_REQUIRED',
      'expected the client id of `_ga`: without one nothing is sent to Google',
    );
  }
  return {
    ...stated,
    clientId,
    userAgent: textAt(body['user_agent'], ['user_agent'], about) ?? stated.userAgent,
    address: textAt(body['ip_override'], ['ip_override'], about) ?? stated.address,
    country: country === undefined ? undefined : countryCode(country),
  };
}

/** Fields that every event of the body has. */
function rawOf(body: Body, about: Remarks): RawEvent {
  const device = asObject(body['device']);
  const raw: RawEvent = {};
  const put = (
    field: 'user_id' | 'google_user_data' | 'language' | 'screen_resolution',
    value: string | undefined,
  ): void => {
    if (value !== undefined) raw[field] = value;
  };
  put('user_id', textAt(body['user_id'], ['user_id'], about));
  put('google_user_data', readUserData(body['user_data'], about));
  put('language', textAt(device?.['language'], ['device', 'language'], about));
  put('screen_resolution', textAt(device?.['screen_resolution'], ['device', 'screen_resolution'], about));
  const properties = propertiesOf(body['user_properties'], about);
  if (properties !== undefined) raw.user_properties = properties;
  return raw;
}

/** A text that is not empty, or a number that is used as an id; any other value is left out. */
function textAt(value: unknown, path: readonly PropertyKey[], about: Remarks): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  about.add(path, 'VALUE_INVALID', 'expected a text: it is left out');
  return undefined;
}

const MOST_PROPERTIES = 25;
const LONGEST_PROPERTY = 24;

function propertiesOf(value: unknown, about: Remarks): Scalars | undefined {
  if (value === undefined || value === null) return undefined;
  const given = Object.entries(asObject(value) ?? {});
  if (asObject(value) === undefined) {
    about.add(['user_properties'], 'VALUE_INVALID', 'expected an object of user properties: it is left out');
  }
  if (given.length > MOST_PROPERTIES) {
    const says = `expected at most ${MOST_PROPERTIES}: those beyond it are left out`;
    about.add(['user_properties'], 'EXCEEDED_MAX_ENTITIES', says);
  }
  const kept: Record<string, string | number | boolean> = {};
  for (const [name, property] of given.slice(0, MOST_PROPERTIES)) {
    const path = ['user_properties', name];
    if (!isName(name) || name.length > LONGEST_PROPERTY) {
      about.add(
        path,
        'NAME_INVALID',
        `a name has at most ${LONGEST_PROPERTY} letters, digits and \`_\`: it is left out`,
      );
    } else if (RESERVED_PREFIX.test(name) || IDENTIFIER_PARAMS.has(name)) {
      about.add(path, 'NAME_RESERVED', 'this name is reserved: it is left out');
    } else {
      const inner = asObject(property)?.['value'];
      if (inner === undefined || inner === null) continue;
      if (typeof inner === 'string') kept[name] = wellFormed(inner);
      else if (typeof inner === 'boolean' || isFiniteNumber(inner)) kept[name] = inner;
      else about.add([...path, 'value'], 'VALUE_INVALID', 'expected a text, a number, true or false: it is left out');
    }
  }
  return Object.keys(kept).length === 0 ? undefined : kept;
}

/** A number in JSON may be too large, and is then read as `Infinity`. */
function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
