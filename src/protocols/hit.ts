import type { RawEvent } from '../core/fields.ts';
import type { ReasonCode } from '../core/reason.ts';
import type { LeftOut } from '../core/left-out.ts';
import type { Country, StatedConsent } from '../core/values.ts';

/**
 * One incoming request, frozen by the platform. Time and chance are in it, so that everything after it is pure.
 */
export interface Hit {
  /** 128 random bits, 32 lower-case hex digits. */
  readonly id: string;
  /** When it arrived, unix milliseconds. */
  readonly at: number;
  readonly method: string;
  /** Path of the URL, undecoded. */
  readonly path: string;
  /** Query of the URL without `?`, undecoded. */
  readonly query: string;
  /** `Host`, lower-case, without the port. */
  readonly host: string;
  /** Header names are lower-case; lines of one name are joined as Node joins them. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** Address of the TCP peer; undefined where the runtime has none. */
  readonly peer: string | undefined;
  /** Its country, two capital letters, if the runtime has it; then no header is read for it. */
  readonly country?: string | undefined;
}

/** Whose event it is: what consent, identifiers, user agent and address are read from (design 3a). */
export interface Visitor {
  /** The visitor's Cookie header as it was received; empty = none. */
  readonly cookies: string;
  /** The browser's Global Privacy Control. */
  readonly gpc: boolean;
  readonly userAgent: string | undefined;
  /** Headers and peer, from which the address is found if the policy needs it; or the address that a back end states. */
  readonly address: string | undefined;
  /** From a trusted proxy's country header. */
  readonly country: Country | undefined;
  readonly clientId: string | undefined;
  readonly sessionId: string | undefined;
  /** What a back end says of the visitor's consent beside the cookies. */
  readonly stated?: StatedConsent | undefined;
}

/** What is wrong with an event, for the person who wrote the tag. */
export interface InvalidEvent {
  /** The field it is in, of a closed list; undefined = the event as a whole. */
  readonly field: string | undefined;
  /** The place and what is expected there; holds no value. */
  readonly says: string;
}

/** One mistake in a hit, for somebody who validates it before sending. Holds no value. */
export interface HitRemark {
  /** The place, e.g. `events[0].name`. */
  readonly at: string;
  /** What kind of mistake it is, in the words of the protocol; '' where it has none. */
  readonly code: string;
  readonly says: string;
}

/** One event with the visitor it belongs to. */
export interface SourceEvent {
  readonly raw: RawEvent;
  readonly visitor: Visitor;
  /** It goes nowhere; the other events are used. */
  readonly invalid?: InvalidEvent;
  /** It only states an identity or a choice: consent and withdrawal are read from it, and it goes nowhere. */
  readonly noEvent?: true;
  /** Vendors that its sender leaves out. */
  readonly leftOut?: LeftOutVendors | undefined;
}

/** Vendors that shall not get an event, by the sender's names for them; it takes away and never grants. */
export interface LeftOutVendors {
  /** All of them, but for `but`. */
  readonly all: boolean;
  readonly names: readonly string[];
  readonly but: readonly string[];
}

/** What a source made of a hit. */
export interface HitReading {
  /** The measurement id that a tag's hit names; undefined where there is none to name. */
  readonly stream: string | undefined;
  readonly events: readonly SourceEvent[];
  /** Keys that were not known and therefore dropped. */
  readonly unknownKeys: number;
  /** Values that could not be used; the event is used without them. */
  readonly leftOut: LeftOut;
  /** Everything that is wrong with the hit, where the protocol has a place to say it. */
  readonly remarks?: readonly HitRemark[];
}

/** Why a hit was refused; becomes `application/problem+json` (RFC 9457). Holds nothing of the hit. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  /** What is wrong and what to do, for the person who wrote the tag or the back end. */
  readonly detail: string;
  /** The code it is counted under, if the status does not determine it. */
  readonly code?: RefusedCode;
  /** Somebody may be guessing a key: after some of these the answer is delayed. */
  readonly guessed?: true;
  /** The same as `detail`, one by one. */
  readonly remarks?: readonly HitRemark[];
}

/** A request that was refused before its body was read. */
export interface Unread extends Problem {
  /** What is known of it, without a body: its cookies may still withdraw consent. */
  readonly hit: Hit;
}

/** Why a request was refused, as it is counted. */
export type RefusedCode = Extract<ReasonCode, `refused.${string}`>;

const BY_STATUS: Readonly<Record<number, RefusedCode>> = {
  400: 'refused.body',
  403: 'refused.origin',
  404: 'refused.path',
  405: 'refused.method',
  408: 'refused.timeout',
  413: 'refused.too_large',
  415: 'refused.media_type',
  421: 'refused.host',
  429: 'refused.rate_limit',
  431: 'refused.too_large',
  503: 'refused.unavailable',
};

/** The code that a problem is counted under. */
export function refusedCode({ status, code }: Problem): RefusedCode {
  return code ?? BY_STATUS[status] ?? 'refused.fault';
}
