import type { Outcome } from './outcome.ts';

/** What a reason belongs to: the end of an (event, route), a refused request, a value left out, or a vendor's answer. */
type Kind = Outcome | 'refused' | 'left out' | 'vendor';

/** One entry of the dictionary. */
export interface Entry {
  readonly kind: Kind;
  /** Names of the parameters. Values are words of the configuration or of closed lists, or numbers. */
  readonly params: readonly string[];
  /** What happened, as half a sentence. `{name}` is a parameter; what is in brackets is left out without it. */
  readonly says: string;
  /** What it means for the site. */
  readonly means: string;
  /** What a person can do about it. */
  readonly todo: string;
}
