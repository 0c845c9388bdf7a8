/** What personal data is called where it stood (R45): the tag is the kind in brackets. */
export const KINDS = [
  'email',
  'fnr',
  'personnummer',
  'cpr',
  'hetu',
  'kennitala',
  'card',
  'iban',
  'phone',
  'token',
] as const;

export type Kind = (typeof KINDS)[number];

/** A place in a text. */
export interface Finding {
  readonly kind: Kind;
  readonly start: number;
  readonly end: number;
}
