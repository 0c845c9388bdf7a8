import type { GateSignal, SignalMask } from './signals.ts';

/*
 * What a request to a vendor may hold. It is written a second time here, in other words than the code that makes the
 * request: keys, paths and values as they are on the wire, and the signals that each of them needs. `delivery/egress`
 * checks every request against it just before the socket. It is written from the vendor's sheet and not from the plan,
 * so that a fault of the plan is not repeated here.
 */

/** The data that a claim gets in addition to the text. */
export interface EgressFacts {
  /** The signals of the visitors that the text is about. */
  readonly signals: SignalMask;
  /** When the event was accepted, unix milliseconds; undefined where the request holds several events. */
  readonly acceptedAt: number | undefined;
}

/** Whether a value may leave. A claim gets the text after percent-decoding, or a JSON scalar as text. */
export type Claim = (text: string, facts: EgressFacts) => boolean;

/** One key of a query, one header, or one scalar of a JSON body. */
export interface Leaf {
  /** Signals it needs, all of them, beyond those of the form. */
  readonly needs?: readonly GateSignal[];
  readonly may?: Claim;
  /**
   * An http(s) address without user, fragment and click ids. With `clicksOf`, click ids of that vendor are allowed
   * where `ad_storage` is granted. Used in place of `may`.
   */
  readonly address?: { readonly clicksOf?: string };
  /** The request must have it, because a request without it says something else, e.g. that everything was granted. */
  readonly required?: true;
  /** A secret is here, as `SECRET` in the text. A secret in any other place is a violation. */
  readonly secret?: true;
}

/** An object of a JSON body. It may have no other keys, unless `own` says what a key of the site's own may be. */
export interface ObjectShape {
  readonly keys: Readonly<Record<string, Shape>>;
  readonly own?: Shape;
  readonly needs?: readonly GateSignal[];
  readonly required?: true;
}

/** A list of a JSON body. */
export interface ListShape {
  readonly each: Shape;
  /** One entry for each stored row, in their order. Each entry is judged by the signals of its own row. */
  readonly perRow?: true;
  readonly needs?: readonly GateSignal[];
  readonly required?: true;
}

/** A text of a JSON body that holds pairs, `?a=1&b=2`, as a query does. */
export interface PairsShape {
  readonly pairs: Leaves;
  readonly required?: true;
}

export type Shape = Leaf | ObjectShape | ListShape | PairsShape;

/** By name. In a query `ep.*` stands for every key that begins with `ep.`, and `pr#` for `pr` and a number. */
export type Leaves = Readonly<Record<string, Leaf>>;

/** The HTTP methods of requests to vendors. */
export type RequestMethod = 'GET' | 'POST' | 'PUT' | 'PATCH';

/** One kind of request a vendor may get. */
export interface EgressForm {
  /**
   * `full`: events of visitors who granted `needs`. `limited`: allowed for the other visitors, and therefore for all.
   * `aside`: a request without an event.
   */
  readonly kind: 'full' | 'limited' | 'aside';
  readonly needs?: readonly GateSignal[];
  readonly methods: readonly RequestMethod[];
  readonly hosts: readonly string[];
  readonly path: RegExp;
  readonly query: Leaves;
  /** Lower-case names. */
  readonly headers: Leaves;
  /**
   * Default: no body. `pairs`: lines of pairs under the rules of the query. `form`: one line of pairs under rules of
   * its own. `lines`: a line of JSON for each stored row, in their order; each line is judged by the signals of its own
   * row.
   */
  readonly body?:
    | 'pairs'
    | { readonly form: Leaves }
    | { readonly text: Leaf }
    | { readonly json: Shape }
    | { readonly lines: Shape };
}

/** Stands for a secret in the texts that claims see. No URL and no header can hold this character. */
export const SECRET = '\u0000';
