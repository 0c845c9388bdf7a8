import { LeftOutTally } from '../../core/left-out.ts';
import { asObject } from '../../core/reply.ts';
import type { SentBy } from '../admission.ts';
import type { Hit, Problem, HitReading, SourceEvent, Visitor } from '../hit.ts';
import { said } from '../json-parts.ts';
import { faultyEvent, parseBody, type ShapeFault } from '../json-text.ts';
import { badRequest, LIMITS } from '../limits.ts';
import { type CallType, type Common, type CallFields, peopleIn, readCall } from './call.ts';
import { SEGMENT_LIMITS } from './limits.ts';
import { Visitors } from './visitors.ts';

const SHAPE = { namesOnly: false, depth: SEGMENT_LIMITS.depth };
const TOO_MANY = badRequest(`batch: expected at most ${SEGMENT_LIMITS.calls} calls`);
const NO_BATCH = badRequest('batch: expected a list of at least one call');

/** Paths of one call, by their last part: the name of its type, or its first letter. */
const TYPE_AT: ReadonlyMap<string, CallType> = new Map<string, CallType>([
  ['t', 'track'],
  ['p', 'page'],
  ['i', 'identify'],
  ['g', 'group'],
  ['a', 'alias'],
  ['s', 'screen'],
  ['track', 'track'],
  ['page', 'page'],
  ['identify', 'identify'],
  ['group', 'group'],
  ['alias', 'alias'],
  ['screen', 'screen'],
]);

/**
 * Reads calls as Segment's SDKs send them (`protocols/segment.md` 1, 3). In a batch a call that cannot be used is invalid,
 * and the others are used. A back end that sends a single call gets its mistakes in the answer.
 */
export function readCalls(hit: Hit, sender: SentBy, browser: Visitor): HitReading | Problem {
  const parsed = parseBody(hit.body, SHAPE);
  if (parsed === undefined) return badRequest('The body is not valid JSON.');
  const body = asObject(parsed.value);
  if (body === undefined) return badRequest('expected an object');
  const type = TYPE_AT.get(hit.path.slice(hit.path.lastIndexOf('/') + 1));
  const leftOut = new LeftOutTally();
  const request = { at: hit.at, sender, visitors: new Visitors(sender, browser), leftOut, dropped: { count: 0 } };
  if (type !== undefined) {
    const common = { ...request, sentAt: undefined, context: undefined, integrations: undefined, traits: NO_TRAITS };
    return readOne(body, type, common, hit, parsed.faults);
  }
  const { batch } = body;
  if (!Array.isArray(batch) || batch.length === 0) return NO_BATCH;
  const outside = parsed.faults.find((fault) => faultyEvent(fault, 'batch') === undefined);
  if (outside !== undefined) return badRequest(said(outside));
  const calls = batch as readonly unknown[];
  if (sender === 'backend' && calls.length > SEGMENT_LIMITS.calls) return TOO_MANY;
  const most = sender === 'backend' ? SEGMENT_LIMITS.calls : LIMITS.events;
  for (let i = most; i < calls.length; i++) leftOut.add('events');
  const read = calls.slice(0, most);
  const common: Common = {
    ...request,
    sentAt: body['sentAt'],
    context: asObject(body['context']),
    integrations: body['integrations'],
    traits: traitsIn(read),
  };
  const faults = faultsByCall(parsed.faults);
  const mayBeLong = sender === 'backend' && hit.body.length > SEGMENT_LIMITS.call / MOST_BYTES;
  const events = read.map((value, i): SourceEvent => {
    const call = asObject(value);
    const wrong =
      faults.get(i) ??
      (call === undefined ? 'expected a call: an object with a type' : undefined) ??
      (mayBeLong && isLong(JSON.stringify(call)) ? TOO_LONG : undefined);
    const source =
      wrong === undefined
        ? readCall(call as CallFields, call?.['type'], common)
        : { raw: { event_time: hit.at }, visitor: common.visitors.nobody, invalid: { field: undefined, says: wrong } };
    return source.invalid === undefined
      ? source
      : { ...source, invalid: { ...source.invalid, says: `batch[${i}]: ${source.invalid.says}` } };
  });
  return readingOf(events, common);
}

const NO_TRAITS: ReadonlyMap<string, CallFields> = new Map();
const TOO_LONG = `a call may have ${SEGMENT_LIMITS.call / 1024} KiB`;
/** Of one character in UTF-8. */
const MOST_BYTES = 3;

function isLong(text: string): boolean {
  return text.length > SEGMENT_LIMITS.call / MOST_BYTES && new TextEncoder().encode(text).length > SEGMENT_LIMITS.call;
}

function readOne(
  call: CallFields,
  type: CallType,
  common: Common,
  { body }: Hit,
  faults: readonly ShapeFault[],
): HitReading | Problem {
  const [fault] = faults;
  if (fault !== undefined) return badRequest(said(fault));
  if (common.sender === 'backend' && isLong(body)) return badRequest(TOO_LONG);
  const event = readCall(call, type, common);
  if (event.invalid !== undefined && common.sender === 'backend') return badRequest(event.invalid.says);
  return readingOf([event], common);
}

function readingOf(events: readonly SourceEvent[], { dropped, leftOut }: Common): HitReading {
  return { stream: undefined, events, unknownKeys: dropped.count, leftOut: leftOut.counts };
}

function faultsByCall(faults: readonly ShapeFault[]): ReadonlyMap<number, string> {
  const first = new Map<number, string>();
  for (const fault of faults) {
    const at = faultyEvent(fault, 'batch');
    if (at !== undefined && !first.has(at)) first.set(at, fault.message);
  }
  return first;
}

/** What is said of people in the calls that identify them. */
function traitsIn(calls: readonly unknown[]): ReadonlyMap<string, CallFields> {
  const found = new Map<string, CallFields>();
  for (const value of calls) {
    const call = asObject(value);
    const traits = call?.['type'] === 'identify' ? asObject(call['traits']) : undefined;
    if (call === undefined || traits === undefined) continue;
    for (const whose of peopleIn(call)) found.set(whose, { ...found.get(whose), ...traits });
  }
  return found;
}
