/**
 * What a sender wrote that could not be used, by kind. The event is used without it, because a wrong detail must not
 * cost the whole event. A metric counts these, and `explain` names them.
 */
export const LEFT_OUT = {
  currency: 'a currency that is none (ISO 4217): left out, its value with it',
  number: 'a text where a number is meant, such as `599,00`: left out; of a value, the currency with it',
  country: 'a country that is none (ISO 3166-1): left out',
  user_id:
    'a user id that is an e-mail address, a phone number or a national id: no user id; used as what it is where a vendor takes that hashed',
  hashed: 'an e-mail address or a phone number that the site hashed: left out for vendors that hash another form of it',
  nested: 'a nested value among parameters: left out',
  items: 'items beyond the 200th: left out',
  events: 'events beyond the 25th of one request of a page: left out',
  cut: 'a text longer than it may be: cut',
} as const;

export type LeftOutKind = keyof typeof LEFT_OUT;

/** How often each kind occurred; undefined = never, as with nearly every hit. */
export type LeftOut = { readonly [K in LeftOutKind]?: number } | undefined;

/** Counts while a request is read. */
export class LeftOutTally {
  #counts: { -readonly [K in LeftOutKind]?: number } | undefined;

  add(kind: LeftOutKind): void {
    const counts = (this.#counts ??= {});
    counts[kind] = (counts[kind] ?? 0) + 1;
  }

  get counts(): LeftOut {
    return this.#counts;
  }
}
