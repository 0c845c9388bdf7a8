/**
 * Types of the tag that the gateway serves (docs/tag.md). In a site's TypeScript:
 *
 * ```ts
 * import type {} from 'portvakt/pv';
 *
 * pv('purchase', { currency: 'NOK', value: 599, transaction_id: 'ORD-7' }, { id: 'ord-7' });
 * ```
 */

/** One product, as Google Analytics names its parts. */
export interface PvItem {
  readonly item_id?: string;
  readonly item_name?: string;
  readonly price?: number;
  readonly quantity?: number;
  readonly [name: string]: string | number | boolean | undefined;
}

/** What an event says. Nested values other than `items` are left out by the gateway. */
export interface PvParams {
  /** ISO 4217, e.g. `NOK`. Without it no value is taken. */
  readonly currency?: string;
  readonly value?: number | string;
  readonly transaction_id?: string;
  readonly items?: readonly PvItem[];
  readonly [name: string]: string | number | boolean | null | undefined | readonly PvItem[];
}

/** Who the event is about, as the site knows it; each vendor gets what its page says, under the consent it says. */
export interface PvUser {
  readonly id?: string;
  readonly email?: string;
  readonly phone?: string;
  /** SHA-256 of the trimmed address in small letters, 64 hexadecimal digits. */
  readonly email_sha256?: string;
  /** SHA-256 of the E.164 number with `+`, 64 hexadecimal digits. */
  readonly phone_sha256?: string;
  readonly first_name?: string;
  readonly last_name?: string;
  readonly street?: string;
  readonly city?: string;
  readonly region?: string;
  readonly postal_code?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
}

/** What an event may have beside its parameters (docs/events.md). */
export interface PvMore {
  /** Of this event alone, the same wherever it is reported: the gateway sends one of those that have it. */
  readonly id?: string;
  readonly user?: PvUser;
  readonly user_properties?: Readonly<Record<string, string | number | boolean | null>>;
}

export interface Pv {
  /** Says that the visitor has chosen, or chosen anew, where the banner leaves no cookie the tag can see. */
  (name: 'consent'): void;
  /** Sends an event. It waits until the visitor has chosen. */
  (name: string, params?: PvParams, more?: PvMore): void;
  /** The tag is there. */
  on?: true;
  /** Calls from before. */
  q?: IArguments[] | [name: string, params?: PvParams, more?: PvMore][];
}

declare global {
  interface Window {
    pv?: Pv;
  }
  /** The tag, or what keeps its calls until it is there. */
  const pv: Pv;
}
