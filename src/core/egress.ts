import type { GateSignal, SignalMask } from './signals.ts';

/*
 * What a request to a vendor may hold, said a second time and in other words than the code that makes it: keys, paths
 * and values as they stand on the wire, and the signals each of them takes. `delivery/egress.ts` holds every request
 * against it just before the socket. Written from the vendor's sheet, not from the plan: a fault there must not be
 * repeated here.
 */

/** What a claim may know beside the text. */
export interface EgressFacts {
  /** The signals of whom the text speaks of. */
  readonly signals: SignalMask;
  /** When the event was accepted, unix milliseconds; undefined where the request speaks of several. */
  readonly acceptedAt: number | undefined;
}

/** Whether a value may leave. It gets the text after percent-decoding, or a JSON scalar as text. */
export type Claim = (text: string, facts: EgressFacts) => boolean;

/** One key of a query, one header, or one scalar of a JSON body. */
export interface Leaf {
  /** Signals it takes, all of them, beyond those of the form. */
  readonly needs?: readonly GateSignal[];
  readonly may?: Claim;
  /**
   * An http(s) address without user and fragment, and without anybody's click id; with those of the vendor in `clicksOf`
   * where `ad_storage` is granted. In place of `may`.
   */
  readonly address?: { readonly clicksOf?: string };
  /** A request without it says something else, e.g. that everything was granted. */
  readonly required?: true;
  /** A secret stands here, as `SECRET` in the text; nowhere else may one. */
  readonly secret?: true;
}

/** An object of a JSON body: closed, unless `own` says what a key of the site's own may be. */
export interface ObjectShape {
  readonly keys: Readonly<Record<string, Shape>>;
  readonly own?: Shape;
  readonly needs?: readonly GateSignal[];
  readonly required?: true;
}

/** A list of a JSON body. */
export interface ListShape {
  readonly each: Shape;
  /** One entry for each stored row, in their order: each is judged by its own row's signals. */
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

/** How a vendor may be asked. */
export type RequestMethod = 'GET' | 'POST' | 'PUT' | 'PATCH';

/** One kind of request a vendor may get. */
export interface EgressForm {
  /**
   * `full`: events of visitors who granted `needs`. `limited`: what may be said of the others, hence of all.
   * `aside`: a request that carries no event.
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
   * Default: none. `pairs`: lines of pairs under the rules of the query. `form`: one line of pairs under rules of its own.
   * `lines`: a line of JSON for each stored row, in their order, each judged by its own row's signals.
   */
  readonly body?:
    | 'pairs'
    | { readonly form: Leaves }
    | { readonly text: Leaf }
    | { readonly json: Shape }
    | { readonly lines: Shape };
}

/** What stands for a secret in the texts that claims see: a character no URL and no header can hold. */
export const SECRET = '\u0000';
