/** Kinds of personal data (R45); the kind in brackets is the tag that stands in its place. */
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
  'birthdate',
  'ip',
  'position',
  'id',
  'token',
] as const;

export type Kind = (typeof KINDS)[number];

/** A place in a text. */
export interface Detection {
  readonly kind: Kind;
  readonly start: number;
  readonly end: number;
  /** It is removed without a tag: a parameter that is taken out of a list. */
  readonly cut?: true;
}
