import type * as z from 'zod';
import type { EgressForm } from './egress.ts';
import type { Event, FieldName } from './fields.ts';
import { bindForm, type BoundForm, type Form, type Read, type Reads, type Skip } from './form.ts';
import type { Later } from './later.ts';
import { answered, type VendorReason } from './reason.ts';
import { recipientOf, recipientSettings } from './recipient.ts';
import type { PlannedRequest, Reply } from './request.ts';
import type { GateSignal } from './signals.ts';

export type { Later, LaterVerdict } from './later.ts';
export type { PlannedRequest, Reply } from './request.ts';
export type {
  AnyView,
  BoundForm,
  Element,
  Plan,
  PlanContext,
  Read,
  Reads,
  Requirement,
  Skip,
  SkipReason,
  View,
  Wants,
} from './form.ts';

/** What a vendor's reply means for the elements that were sent. A reason must repeat nothing of the events. */
export type Verdict =
  /** The vendor took all elements. */
  | { readonly kind: 'delivered' }
  /** The vendor took the request. When it is asked about this ticket (`Later`), it says what it made of the events. */
  | { readonly kind: 'awaiting'; readonly ticket: string }
  /**
   * Try the whole request again, at the earliest after `afterMs`. With `finalAfter` the answer counts as a refusal once
   * it has come that often over that time; then it means the same as `bisect`.
   */
  | {
      readonly kind: 'retry';
      readonly reason: VendorReason;
      readonly afterMs?: number;
      readonly finalAfter?: FinalAfter;
    }
  /** The vendor will never take any of the elements: they become dead letters. */
  | { readonly kind: 'rejected'; readonly reason: VendorReason }
  /** The elements with these indexes are refused for good. The others were taken, or are sent again without them. */
  | {
      readonly kind: 'partly';
      readonly rejected: ReadonlyMap<number, VendorReason>;
      readonly rest: 'delivered' | 'resend';
    }
  /** The vendor refuses one of the elements and does not say which one: send each half of the batch again. */
  | { readonly kind: 'bisect'; readonly reason: VendorReason }
  /**
   * Credentials or settings are wrong: the route stops and keeps all events until a person has corrected them. The
   * route tries again by itself after `afterMs`, by default five minutes; with `Infinity`, only after the configuration
   * is read again.
   */
  | { readonly kind: 'stop'; readonly reason: VendorReason; readonly afterMs?: number };

/**
 * When a temporary error counts as a refusal: at the `attempts`th attempt that gets it, if the first of them was at
 * least `ms` ago. The count is in memory, so a restart begins it anew.
 */
export interface FinalAfter {
  readonly attempts: number;
  readonly ms: number;
}

/** A harmless request that shows whether the settings work (`portvakt check`). */
export interface Probe {
  readonly request: PlannedRequest;
  readonly read: (reply: Reply) => { readonly ok: boolean; readonly message: string };
}

/** The form for a visitor who has not granted what the full form needs. */
export interface LimitedForm<S extends z.ZodType, R extends Reads> extends Form<S, R> {
  /** Fields of classes event, page, campaign, device and consent only; nothing here may identify anybody. */
  readonly reads: R;
  /** The names of the protocols this form exists for. Default: all. */
  readonly sources?: readonly string[];
  /** Settings that must be present for this form. */
  readonly needsSettings?: readonly string[];
  /** The limited form counts as the event itself: the tag's repeat (`gcu`) is a duplicate. Default: it is the first. */
  readonly counts?: true;
}

/** An example derived from the vendor's sheet; the contract test runs it. */
export interface Example {
  readonly title: string;
  /** Where the example comes from: a section, e.g. `destinations/meta.md 11`, or the address of a public document. */
  readonly from: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly granted: readonly GateSignal[];
  readonly limited?: boolean;
  /** The name of the protocol the event came by. Default: the one of web hits. */
  readonly source?: string;
  readonly at?: number;
  readonly event: Event;
  /** The request that this one event leads to, alone in its batch; or why there is no request. */
  readonly expect: PlannedRequest | Skip;
}

/** What one route asks for beyond its destination. */
export interface Demands<R extends Reads = Reads> {
  /** More signals that the full form needs, all of them. */
  readonly needs: readonly GateSignal[];
  /** The only fields that are read and stored for the route, of those the destination reads. Undefined = all. */
  readonly fields: readonly (keyof R & FieldName)[] | undefined;
  /** The owner of the route lists its fields by name: rules of the route look at no others either. */
  readonly listed?: true;
  /** Of the custom parameters that the site lets the route have only these. Undefined = all. */
  readonly params?: readonly string[];
}

/** A value that is the same for every route of a destination, or a function of the route's settings. */
export type OfSettings<S extends z.ZodType, T> = T | ((settings: z.output<S>) => T);

/** Everything a vendor module says about itself, its full form first. One folder, one call of `defineDestination`. */
export interface DestinationSpec<S extends z.ZodType, R extends Reads, L extends Reads> extends Form<S, R> {
  /** The `type` in the configuration; also the folder's name, with `-` for `_`. */
  readonly name: string;
  readonly title: string;
  /** Other names for `type`. The configuration refuses them with the right name. Lower case, without separators. */
  readonly aliases?: readonly string[];
  /** The vendor's own documentation. */
  readonly docs: string;
  /**
   * The full form needs all of these signals. The configuration may add signals and never remove one. The list is empty
   * only where every route has to state its own (`demands`).
   */
  readonly needs: readonly GateSignal[];
  /** Who the receiver of a route is and what for, in a sentence, where only the owner of the route knows. */
  readonly about?: (settings: z.output<S>) => string;
  /** Every route has to list its `events`. Default: a route without a list gets all events. */
  readonly listsEvents?: true;
  /** What only the owner of a route can say about a receiver that is not known here. It can only tighten. */
  readonly demands?: (settings: z.output<S>) => Demands<R>;
  /** The company that gets the events. Destinations of one vendor share its cookies. */
  readonly vendor: string;
  /**
   * The usual names in banners of the service that stands for this destination, the most usual one first. Case,
   * separators and words that do not name the owner (`pixel`, `tag`, `inc`) do not count. The list is empty where only
   * the owner of a route knows the receiver; then the route lists the names in `services`.
   */
  readonly services: readonly string[];
  /** The vendor's id on the IAB Global Vendor List; without one, a TCF string alone does not open the route. */
  readonly tcfVendor?: number;
  /** The vendor's id on Google's list of ad technology providers, which Additional Consent strings speak of. */
  readonly acProvider?: number;
  /**
   * Every host that a request may name: one list for all routes, or a function of the route's settings. A host that a
   * person writes is a setting of kind `host()` (`core/host-setting.ts`).
   */
  readonly hosts: OfSettings<S, readonly string[]>;
  /**
   * For destinations whose host a person writes: the settings that say, beside the host, who owns the events there (an
   * account, a mailbox). An empty list = the host alone. When one of them or the host changes, waiting events are not
   * sent to the new recipient. A secret is not among them, because a new token does not mean a new recipient. Undefined
   * = every host belongs to the vendor.
   */
  readonly recipient?: readonly (keyof z.output<S> & string)[];
  /**
   * What a request may hold. Every request is checked against it just before the socket. It is written from the
   * vendor's sheet. The tables of two routes may differ, e.g. in their hosts.
   */
  readonly egress: OfSettings<S, readonly EgressForm[]>;
  /** A `z.strictObject`. Lint, editor schema and README are made from it. */
  readonly settings: S;
  readonly limited?: LimitedForm<S, L>;
  /** Most elements in one request of this envelope. */
  readonly maxBatch: (envelope: string) => number;
  /** How old an event may be when the vendor gets it, milliseconds. */
  readonly maxAge: number;
  /**
   * How old an event must be before it is sent, milliseconds from its acceptance. For a vendor that cannot match an
   * event earlier, such as an ad click of the last hours. Default: 0.
   */
  readonly firstAfterMs?: (settings: z.output<S>) => number;
  /** Envelopes whose elements are sent without this wait. Default: none. */
  readonly atOnce?: (envelope: string) => boolean;
  /** Makes one request of 1..maxBatch elements with the same envelope. Pure. */
  readonly request: (envelope: string, elements: readonly string[], settings: z.output<S>) => PlannedRequest;
  /** What a reply means. Default: `judgeStatus`. */
  readonly judge?: (reply: Reply, count: number, envelope: string, settings: z.output<S>) => Verdict;
  /** Whether the vendor wants the tag's repeats after ad consent (`gcu`) as events of their own (design 3a). */
  readonly takesRepeats?: boolean;
  /**
   * False where the vendor does not deduplicate by the tag's event id. Sites then often use one id for all events of a
   * page. Default: true.
   */
  readonly dedupesByEventId?: boolean;
  /**
   * The vendor recognises repeats by the event id alone, whatever the event is called. Where several rules send one
   * event, each rule but the first gets an id of its own.
   */
  readonly dedupesByIdAlone?: true;
  /** Why the vendor cannot use events without a User-Agent; lint warns about `privacy.user_agent: drop`. */
  readonly needsUserAgent?: string;
  /** The measurement id whose web hits a route with these settings takes. */
  readonly stream?: (settings: z.output<S>) => string;
  /**
   * Which elements may be sent again once the vendor may have them. Undefined = all, because the vendor recognises a
   * repeat, or because counting an event twice is better than losing it.
   */
  readonly repeatable?: (settings: z.output<S>) => ((element: string) => boolean) | undefined;
  /** How the vendor is asked later about a request, where `judge` answers `awaiting`. */
  readonly later?: (settings: z.output<S>) => Later;
  /** Every word that `later` counts under. Metrics have a series for each from the start. */
  readonly verdicts?: readonly string[];
  readonly probe?: (settings: z.output<S>) => Probe;
  /** What an operator should know about these settings on the given day, e.g. that a version ends soon. */
  readonly warnings?: (settings: z.output<S>, now: number) => readonly string[];
  readonly examples: readonly Example[];
}

/** A destination with one route's settings in place. */
export interface BoundDestination {
  /** Every host that its requests may name. */
  readonly hosts: readonly string[];
  /** Who gets the events (`core/recipient.ts`). */
  readonly recipient: string;
  /** Who the receiver is, in a sentence, where only the owner of the route knows. */
  readonly about: string | undefined;
  /** Every signal the full form takes: the destination's and the route's own. */
  readonly needs: readonly GateSignal[];
  /** The only fields it takes, among those that the destination reads; undefined = all. */
  readonly fields: ReadonlySet<FieldName> | undefined;
  /** The owner of the route lists them by name. */
  readonly listsFields: boolean;
  /** The custom parameters it has a use for; undefined = all. */
  readonly params: ReadonlySet<string> | undefined;
  /** What may be in them. */
  readonly egress: readonly EgressForm[];
  /** How old an event must be before it is sent, milliseconds from its acceptance. */
  readonly firstAfterMs: number;
  /** The form with the consent that it needs. */
  readonly full: BoundForm;
  /** The form without that consent; undefined = nothing is sent. */
  readonly limited: BoundForm | undefined;
  readonly request: (envelope: string, elements: readonly string[]) => PlannedRequest;
  readonly judge: (reply: Reply, count: number, envelope: string) => Verdict;
  /** Which elements may be sent again once the vendor may have them; undefined = all. */
  readonly repeatable: ((element: string) => boolean) | undefined;
  readonly later: Later | undefined;
  /** What a later verdict can say; empty where the vendor is not asked later. */
  readonly verdicts: readonly string[];
  readonly probe: () => Probe | undefined;
  readonly warnings: (now: number) => readonly string[];
}

/** A destination without its type parameters, so that the registry is one plain record. */
export interface Destination {
  readonly name: string;
  readonly title: string;
  readonly aliases: readonly string[];
  readonly docs: string;
  readonly needs: readonly GateSignal[];
  readonly listsEvents: boolean;
  readonly vendor: string;
  readonly services: readonly string[];
  readonly tcfVendor: number | undefined;
  readonly acProvider: number | undefined;
  /** The hosts of every route alike; undefined where they follow from the settings. */
  readonly fixedHosts: readonly string[] | undefined;
  /** Settings that say, beside the host, who gets the events; undefined = the name of the destination says it. */
  readonly recipient: readonly string[] | undefined;
  readonly settings: z.ZodType;
  readonly reads: Reads;
  readonly limited:
    | {
        readonly reads: Reads;
        readonly sources: readonly string[] | undefined;
        readonly needsSettings: readonly string[];
        readonly counts: boolean;
      }
    | undefined;
  readonly maxBatch: (envelope: string) => number;
  readonly atOnce: ((envelope: string) => boolean) | undefined;
  readonly maxAge: number;
  readonly takesRepeats: boolean;
  readonly dedupesByEventId: boolean;
  readonly dedupesByIdAlone: boolean;
  readonly needsUserAgent: string | undefined;
  /** The measurement id whose web hits a route takes, out of its parsed settings; undefined = none. */
  readonly stream: ((settings: unknown) => string) | undefined;
  readonly examples: readonly Example[];
  /** Settings as `settings.parse` gave them. */
  readonly bind: (settings: unknown) => BoundDestination;
}

/** The `reads` of a form that does not exist. */
type NoReads = { readonly [F in never]: Read };

function limitedOf(limited: Omit<LimitedForm<never, Reads>, keyof Form<never, never>> & { readonly reads: Reads }) {
  const { reads, sources, needsSettings = [], counts = false } = limited;
  return { reads, sources, needsSettings, counts };
}

/** Closes a vendor module over its types. */
export function defineDestination<S extends z.ZodType, const R extends Reads, const L extends Reads = NoReads>(
  spec: DestinationSpec<S, R, L>,
): Destination {
  const { limited, stream } = spec;
  return {
    name: spec.name,
    title: spec.title,
    aliases: spec.aliases ?? [],
    docs: spec.docs,
    needs: spec.needs,
    listsEvents: spec.listsEvents === true,
    vendor: spec.vendor,
    services: spec.services,
    tcfVendor: spec.tcfVendor,
    acProvider: spec.acProvider,
    fixedHosts: typeof spec.hosts === 'function' ? undefined : spec.hosts,
    recipient: spec.recipient,
    settings: spec.settings,
    reads: spec.reads,
    limited: limited && limitedOf(limited),
    maxBatch: spec.maxBatch,
    atOnce: spec.atOnce,
    maxAge: spec.maxAge,
    takesRepeats: spec.takesRepeats ?? false,
    dedupesByEventId: spec.dedupesByEventId ?? true,
    dedupesByIdAlone: spec.dedupesByIdAlone === true,
    needsUserAgent: spec.needsUserAgent,
    stream: stream === undefined ? undefined : (settings) => stream(settings as z.output<S>),
    examples: spec.examples,
    bind(input) {
      const settings = input as z.output<S>;
      const demands = spec.demands?.(settings);
      return {
        needs: [...new Set([...spec.needs, ...(demands?.needs ?? [])])],
        fields: demands?.fields && new Set(demands.fields),
        listsFields: demands?.listed === true,
        params: demands?.params && new Set(demands.params),
        about: spec.about?.(settings),
        full: bindForm(spec, settings),
        limited: limited === undefined ? undefined : bindForm(limited, settings),
        request: (envelope, elements) => spec.request(envelope, elements, settings),
        judge: (reply, count, envelope) =>
          spec.judge === undefined ? judgeStatus(reply) : spec.judge(reply, count, envelope, settings),
        repeatable: spec.repeatable?.(settings),
        later: spec.later?.(settings),
        verdicts: spec.verdicts ?? [],
        probe: () => spec.probe?.(settings),
        hosts: ofSettings(spec.hosts, settings),
        recipient: recipientOf(
          spec.name,
          recipientSettings(spec.recipient, ofSettings(spec.hosts, settings), settings),
        ),
        egress: ofSettings(spec.egress, settings),
        firstAfterMs: spec.firstAfterMs?.(settings) ?? 0,
        warnings: (now) => spec.warnings?.(settings, now) ?? [],
      };
    },
  };
}

function ofSettings<S extends z.ZodType, T extends readonly unknown[]>(
  given: OfSettings<S, T>,
  settings: z.output<S>,
): T {
  return typeof given === 'function' ? given(settings) : given;
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110 10.2.3). */
export function retryAfter(reply: Reply): number | undefined {
  const text = reply.headers['retry-after']?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - reply.at);
}

/** Try again, not before the time the vendor asked for. */
export function retryVerdict(reply: Reply, reason: VendorReason): Verdict {
  const afterMs = retryAfter(reply);
  return afterMs === undefined ? { kind: 'retry', reason } : { kind: 'retry', reason, afterMs };
}

/** Why a request with this status is tried again. */
export function retryCode(status: number): 'vendor.busy' | 'vendor.unavailable' {
  return status === 429 || status === 425 ? 'vendor.busy' : 'vendor.unavailable';
}

/** The verdict for a status code alone (R56). It holds where a vendor's sheet says nothing else. */
export function judgeStatus(reply: Reply): Verdict {
  const { status } = reply;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return retryVerdict(reply, answered(retryCode(status), status));
  }
  if (status === 401 || status === 403) return { kind: 'stop', reason: answered('vendor.credentials', status) };
  return { kind: 'rejected', reason: answered('vendor.refused', status) };
}
