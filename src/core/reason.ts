import type { Outcome } from './outcome.ts';
import { REASONS, type ReasonCode } from './reasons.ts';
import { signalsOf, type SignalMask } from './signals.ts';

export type { ReasonCode } from './reasons.ts';

/** Values of the parameters of one code; one that is left out is left out of the words. */
export type ReasonParams<C extends ReasonCode> = {
  readonly [P in (typeof REASONS)[C]['params'][number]]?: string | undefined;
};

/**
 * Why something ended as it did: a code of `REASONS` with its parameters. Parameters are words of the configuration or
 * of closed lists, or numbers: nothing of the hit, and no text of a vendor.
 */
export interface Reason<C extends ReasonCode = ReasonCode> {
  readonly code: C;
  readonly params: Readonly<Record<string, string>>;
}

/** Every code, in the order of the dictionary. */
export const REASON_CODES = Object.keys(REASONS) as readonly ReasonCode[];

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze({});
const bare = new Map<string, Reason>(
  REASON_CODES.map((code) => [code, Object.freeze({ code, params: NO_PARAMS })] as const),
);

/** A reason as a value. Without parameters it is always the same one. */
export function reason<C extends ReasonCode>(code: C, params?: ReasonParams<C>): Reason<C> {
  const plain = bare.get(code) as Reason<C>;
  if (params === undefined) return plain;
  const given = Object.entries(params).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? plain : { code, params: Object.fromEntries(given) };
}

/** Codes for the ends of an (event, route). */
export type EndCode = {
  [C in ReasonCode]: (typeof REASONS)[C]['kind'] extends Outcome ? C : never;
}[ReasonCode];
/** The outcome a code stands for. */
export type OutcomeOf<C extends EndCode> = (typeof REASONS)[C]['kind'] & Outcome;
/** Codes that stand for one of these outcomes. */
export type CodeOf<O extends Outcome> = { [C in EndCode]: OutcomeOf<C> extends O ? C : never }[EndCode];

/** The outcome that a reason stands for. */
export function outcomeOf<C extends EndCode>({ code }: Reason<C>): OutcomeOf<C> {
  return REASONS[code].kind;
}

/** What happened, in words. */
export function wordsOf({ code, params }: Reason): string {
  const fill = (text: string): string => text.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
  return fill(
    REASONS[code].says.replaceAll(/\[([^\]]*)\]/g, (_, part: string) => {
      const name = /\{(\w+)\}/.exec(part)?.[1] ?? '';
      return params[name] === undefined ? '' : part;
    }),
  );
}

/** A reason on one line, for the log and for what is stored: `blocked.consent{missing=ad_storage}`. */
export function showReason({ code, params }: Reason): string {
  const shown = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  return shown.length === 0 ? code : `${code}{${shown.join('; ')}}`;
}

/** `blocked.consent` for each set of gate signals that is missing: made once. */
const MISSING = Array.from({ length: 16 }, (_, mask) =>
  reason('blocked.consent', { missing: mask === 0 ? undefined : signalsOf(mask).join(', ') }),
);

/** Why nothing goes out where these signals are missing; `service` = the one whose refusal closed the route. */
export function missingConsent(missing: SignalMask, service?: string): Reason<'blocked.consent'> {
  const plain = MISSING[missing & 15] as Reason<'blocked.consent'>;
  return service === undefined ? plain : reason('blocked.consent', { ...plain.params, service });
}
