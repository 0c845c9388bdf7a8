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
  /** Nothing stays in its place, not even a tag: a parameter that is taken out of a list of them. */
  readonly cut?: true;
}
