import type { RawEvent } from '../../core/fields.ts';
import type { LeftOutTally } from '../../core/left-out.ts';
import { asObject } from '../../core/reply.ts';
import type { SentBy } from '../admission.ts';
import type { InvalidEvent, SourceEvent } from '../hit.ts';
import { mistakesOf, said } from '../json-parts.ts';
import { isReservedEvent } from '../names.ts';
import { params as paramsSchema } from '../params.ts';
import { settle } from '../settle.ts';
import { type CalledEvent, eventCalled } from './event-names.ts';
import { identify } from './identity.ts';
import { idOf, putTraits, textOf } from './people.ts';
import { paramsOf } from './properties.ts';
import { mergedContext, leftOutBy } from './statement.ts';
import { segmentTime } from './time.ts';
import type { Visitors } from './visitors.ts';

export type CallFields = Readonly<Record<string, unknown>>;

export const TYPES = ['track', 'page', 'identify', 'group', 'alias', 'screen'] as const;
export type CallType = (typeof TYPES)[number];

/** What a request says of all of its calls. */
export interface Common {
  /** When it came, unix milliseconds. */
  readonly at: number;
  readonly sender: SentBy;
  readonly visitors: Visitors;
  /** Of the batch, where a call has none of its own. */
  readonly sentAt: unknown;
  readonly context: CallFields | undefined;
  readonly integrations: unknown;
  /** Traits of the people who are identified in this request. */
  readonly traits: ReadonlyMap<string, CallFields>;
  readonly leftOut: LeftOutTally;
  /** Values that GA4 has no field for. */
  readonly dropped: { count: number };
}

/** The SDK's notice that a visitor's choice has changed (`protocols/segment.md` 4), in any spelling; older SDKs left out `Updated`. */
const CHOICE = /^[\s_-]{0,4}segment[\s_-]{0,4}consent[\s_-]{0,4}preferences?(?:[\s_-]{0,4}updated)?[\s_-]{0,4}$/i;

/** Reads one call. If it cannot be used it is marked as invalid, and the others are still used. */
export function readCall(call: CallFields, type: unknown, of: Common): SourceEvent {
  const bad = (field: InvalidEvent['field'], says: string): SourceEvent => {
    return { raw: { event_time: of.at }, visitor: of.visitors.nobody, invalid: { field, says } };
  };
  if (!isType(type)) return bad(undefined, `expected \`type\`: ${TYPES.join(', ')}`);
  const context = mergedContext(of.context, asObject(call['context']));
  const at = timeOf(call, of);
  const isChoice = type === 'track' && isChoiceNotice(call['event']);
  const visitor = of.visitors.of(context, isChoice ? at : undefined);
  if (typeof visitor === 'string') return bad(undefined, visitor);

  const draft: RawEvent = { event_time: at };
  if (isChoice || (type !== 'track' && type !== 'page')) {
    draft.event_name = isChoice ? 'consent' : type;
    identify(draft, call, context, visitor);
    return { raw: draft, visitor, noEvent: true };
  }
  const called = type === 'page' ? PAGE_VIEW : calledIn(call['event']);
  if (called === undefined) return bad('name', 'event: expected a name of letters and digits');
  if (isReservedEvent(called.name)) return bad('name', 'event: this name is reserved by Google Analytics');
  draft.event_name = called.name;
  const wrong = readProperties(asObject(call['properties']) ?? {}, called, draft, of);
  if (wrong !== undefined) return bad('params', wrong);
  readPage(call, context, type === 'page', draft);
  readDevice(context, draft);
  identify(draft, call, context, visitor);
  putTraits(draft, context['traits']);
  for (const whose of peopleIn(call)) putTraits(draft, of.traits.get(whose));
  settle(draft, of.leftOut);
  const leftOut = leftOutBy(of.integrations, call['integrations']);
  return { raw: draft, visitor, leftOut };
}

const PAGE_VIEW: CalledEvent = { name: 'page_view', segment: undefined };

function isType(type: unknown): type is CallType {
  return (TYPES as readonly unknown[]).includes(type);
}

function isChoiceNotice(event: unknown): boolean {
  return typeof event === 'string' && CHOICE.test(event);
}

function calledIn(event: unknown): CalledEvent | undefined {
  return typeof event === 'string' ? eventCalled(event) : undefined;
}

/** The ids of the person a call is about. */
export function peopleIn({ userId, anonymousId }: CallFields): readonly string[] {
  const user = idOf(userId);
  const anonymous = idOf(anonymousId);
  return [user === undefined ? [] : `user ${user}`, anonymous === undefined ? [] : `anonymous ${anonymous}`].flat();
}

/**
 * The time of the event by the gateway's clock: arrival minus the time between event and sending by the sender's clock. It
 * is never later than the arrival.
 */
function timeOf(call: CallFields, { at, sentAt }: Common): number {
  const happened = segmentTime(call['timestamp'] ?? call['originalTimestamp']);
  const sent = segmentTime(call['sentAt'] ?? sentAt);
  if (happened === undefined) return at;
  return Math.min(Math.max(sent === undefined ? happened : at - (sent - happened), 0), at);
}

/** Properties that repeat the fields of the page. */
const OF_THE_PAGE = ['url', 'path', 'search', 'title', 'referrer', 'name', 'category'];

/** Puts properties into their fields. @returns why the event cannot be used; undefined = it can */
function readProperties(properties: CallFields, called: CalledEvent, draft: RawEvent, of: Common): string | undefined {
  const own = called === PAGE_VIEW ? without(properties, OF_THE_PAGE) : properties;
  const { params, dropped } = paramsOf(own, called);
  of.dropped.count += dropped;
  const read = paramsSchema.safeParse(params);
  if (!read.success) return mistakesOf(read.error, ['properties']).slice(0, 1).map(said).join('');
  const { leftOut: kinds, custom, debug_mode: _, ...fields } = read.data;
  for (const kind of kinds) of.leftOut.add(kind);
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== '') Object.assign(draft, { [name]: value });
  }
  if (custom !== undefined) draft.params = custom;
  return undefined;
}

function without(fields: CallFields, names: readonly string[]): CallFields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function readPage(
  { name, category, properties }: CallFields,
  context: CallFields,
  isPage: boolean,
  draft: RawEvent,
): void {
  const page = asObject(context['page']) ?? {};
  const own = isPage ? (asObject(properties) ?? {}) : {};
  const title = isPage ? [own['name'], own['category'], name, category].map(textOf).find(Boolean) : undefined;
  putText(draft, 'page_location', own['url'], page['url']);
  putText(draft, 'page_referrer', own['referrer'], page['referrer']);
  putText(draft, 'page_title', own['title'], page['title'], title);
}

const CAMPAIGN = ['source', 'medium', 'name', 'content', 'term', 'id'];

function readDevice(context: CallFields, draft: RawEvent): void {
  putText(draft, 'language', context['locale']);
  const { width, height } = asObject(context['screen']) ?? {};
  if (typeof width === 'number' && typeof height === 'number') draft.screen_resolution = `${width}x${height}`;
  const campaign = asObject(context['campaign']);
  if (campaign === undefined) return;
  const texts = CAMPAIGN.flatMap((key): [string, string][] => {
    const text = textOf(campaign[key]);
    return text === undefined ? [] : [[key, text]];
  });
  if (texts.length > 0) draft.campaign = Object.fromEntries(texts);
}

function putText(
  draft: RawEvent,
  field: 'page_location' | 'page_referrer' | 'page_title' | 'language',
  ...values: readonly unknown[]
): void {
  for (const value of values) {
    const text = textOf(value);
    if (text === undefined) continue;
    draft[field] = text;
    return;
  }
}
