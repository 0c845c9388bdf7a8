import type * as z from 'zod';
import type { KeyKind, SentBy, Senders } from './admission.ts';
import type { Hit, Problem, HitReading, HitRemark, Visitor } from './hit.ts';

/**
 * One way in: how events come, and what is answered. Everything that is particular to it is in its folder; listeners,
 * `explain`, cases, metrics, the decision log and the docs use only the list `PROTOCOLS`.
 */
export interface Protocol<N extends string = string> {
  /** Its name in metrics, traces, reasons and the decision log, and in destinations with a limited form for some only. */
  readonly name: N;
  /** The name, for people, of what comes in: a plural, e.g. `web hits`. */
  readonly title: string;
  readonly doors: readonly [Door, ...Door[]];
  /**
   * Back ends with a key of this kind may send, and state whose each event is. Their refusals are carried out under load,
   * too. Undefined = only browsers send.
   */
  readonly backends: KeyKind | undefined;
  /**
   * The id of an event stands for that event on every route. False where tags usually send one id for all that happens
   * on a page: then it counts only where the vendor deduplicates by it.
   */
  readonly ownEventIds: boolean;
  /** Decides who sends. Pure; nothing of the hit goes into a problem. */
  readonly admit: (hit: Hit, site: Senders) => SentBy | Problem;
  /** Reads the events. `visitor` is what the request says of its browser. Pure, and linear in the size of the hit. */
  readonly read: (hit: Hit, sender: SentBy, visitor: Visitor) => HitReading | Problem;
  /** Makes the answer in the form that this protocol's clients expect. It gets nothing of the hit. */
  readonly answer: (end: End, door: Door) => ProtocolReply;
  readonly caseForm: CaseForm;
  /** Scripts that pages load to use it. */
  readonly scripts?: readonly Script[];
  /** Its pages do not say which of a visitor's events belong together: the gateway keeps that in a cookie (`pv_session`). */
  readonly keepsSession?: true;
}

/** A script the gateway serves: the same for all visitors, so that a cache may keep it and it identifies nobody. */
export interface Script {
  /** Below the gateway's prefix. */
  readonly path: string;
  readonly text: string;
  /** What it is, for the page about ways in. */
  readonly what: string;
}

export type Method = 'GET' | 'POST';

/** Paths that are served alike. */
export interface Door {
  /** Exact paths below the gateway's prefix, compared undecoded: another spelling is another path. The first one is the one to use. */
  readonly paths: readonly [string, ...string[]];
  /** Also every path that begins with one of these: for fixed answers. */
  readonly below?: readonly string[];
  readonly methods: readonly [Method, ...Method[]];
  /** Media types a body may have; '' = without a media type. */
  readonly types: ReadonlySet<string>;
  /** Those of them that only a page may send: without `Origin` a form of any site could send them. */
  readonly fromPages: ReadonlySet<string>;
  /** Pages of listed origins may ask beforehand (CORS preflight). */
  readonly preflight: boolean;
  /** Headers that those pages may send beside `Content-Type`. */
  readonly headers?: readonly string[];
  /** Most bytes of a body from a back end with a key; default: the general limit (`LIMITS.body`). */
  readonly backendBytes?: number;
  /** `store`: events are decided, stored and sent. `validate`: they are read and decided, and nothing is kept. A reply: it is the answer, and the request is not read. */
  readonly does: 'store' | 'validate' | ProtocolReply | AddressReply;
}

/** An answer that is made of the address alone, the same for everybody who asks there. */
export interface AddressReply {
  /** The usual one. */
  readonly status: number;
  readonly replyTo: (address: Address) => ProtocolReply;
}

/** The address of a request. */
export interface Address {
  /** The part before every path of the gateway: scheme, host, port where there is one, and prefix. */
  readonly base: string;
  /** Below the prefix, undecoded. */
  readonly path: string;
}

/** How a request ended. */
export type End =
  /** What may leave is stored. */
  | { readonly kind: 'accepted' }
  /** It was read and nothing is kept. */
  | ({ readonly kind: 'validated' } & Validated)
  /** Nothing of it is kept. Status 503: it may be sent again after a while, which `Retry-After` says. */
  | { readonly kind: 'refused'; readonly problem: Problem };

/** What would have become of a hit that was only validated. */
export interface Validated {
  /** What is wrong with it, without values. */
  readonly mistakes: readonly HitRemark[];
  /** It names a measurement id that no route has. */
  readonly unknownStream: boolean;
  /** What each route would get of the first event that can be used. */
  readonly routes: readonly {
    readonly route: string;
    readonly verdict: 'full' | 'limited' | 'blocked';
    /** The code of the reason (`docs/reasons.md`); undefined = it would be sent. */
    readonly reason: string | undefined;
  }[];
}

/** A protocol's part of an answer. CORS, `Cache-Control`, cookies and `Retry-After` are added to every answer. */
export interface ProtocolReply {
  readonly status: number;
  /** The media type of the body. */
  readonly type?: string;
  readonly body?: string;
  /** Instead of the header that all answers have. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a case (a test in the configuration) writes a request of this protocol. */
export interface CaseForm {
  /** The key below `request`. */
  readonly key: string;
  /** What the key is for. */
  readonly help: string;
  /** The schema of its value. */
  readonly schema: z.ZodType;
  /** The request; `given` is what stands under `key`, undefined = nothing. */
  readonly write: (given: unknown, about: CaseFacts) => WrittenHit;
}

/** The other parts of a case, beside its events. */
export interface CaseFacts {
  /** Unix milliseconds. */
  readonly now: number;
  /** The address of the page. */
  readonly page: string;
  /** The case itself says the page. */
  readonly pageSaid: boolean;
  /** The measurement id of the site's primary tag. */
  readonly stream: string | undefined;
  /** The back end that sends: its ingest key, and what it passes on of its visitor; undefined = a browser sends. */
  readonly backend: { readonly key: string; readonly cookies: string; readonly gpc: boolean } | undefined;
}

export interface WrittenHit {
  readonly method: Method;
  /** One of the doors' paths. */
  readonly path: string;
  /** Without `?`. */
  readonly query: string;
  /** Beside those of any browser; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
