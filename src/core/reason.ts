import type { Outcome } from './outcome.ts';
import { REASONS, type ReasonCode } from './reasons.ts';
import { signalsOf, type SignalMask } from './signals.ts';

export type { ReasonCode } from './reasons.ts';

/** Values of the parameters of one code. A parameter without a value is left out of the words. */
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

/** Codes for the meaning of a vendor's answer. */
export type VendorCode = { [C in ReasonCode]: (typeof REASONS)[C]['kind'] extends 'vendor' ? C : never }[ReasonCode];
/** What a vendor's answer means, or why there was no answer. */
export type VendorReason = Reason<VendorCode>;
/** Why an event is in the dead letters: the vendor's answer, or a fault of the gateway while it sent the event. */
export type DeadReason = VendorReason | Reason<CodeOf<'failed'>>;
type AnswerCode = {
  [C in VendorCode]: 'code' extends (typeof REASONS)[C]['params'][number] ? C : never;
}[VendorCode];

/** A code of a vendor: a number, or words of letters with at most three digits at the end. Ids and hashes are neither. */
const VENDOR_CODE = /^(?:\d{1,8}|[A-Za-z]{1,40}(?:_[A-Za-z]{1,40}){0,12}\d{0,3})$/;

/**
 * The meaning of an answer, with its status and the vendor's own codes. A text that does not look like a code is left
 * out, because vendors repeat what was sent to them.
 */
export function answered(
  code: AnswerCode,
  status: number,
  ...codes: readonly (string | number | undefined)[]
): VendorReason {
  const known = codes.filter((word) => word !== undefined && VENDOR_CODE.test(String(word)));
  return reason(code, { status: String(status), code: known.length === 0 ? undefined : known.join(' ') });
}

/** The second check of the reasons a vendor module gives: only the status and texts that look like codes remain. */
export function codesOnly(why: VendorReason): VendorReason {
  const { status, code } = why.params;
  if (code === undefined || code.split(' ').every((word) => VENDOR_CODE.test(word))) return why;
  return { code: why.code, params: status !== undefined && /^\d{3}$/.test(status) ? { status } : NO_PARAMS };
}

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

/** Reads what `showReason` wrote; undefined for anything else, such as the words an earlier version stored. */
export function readReason(text: string): Reason | undefined {
  const [, code = '', list] = /^([a-z_]+\.[a-z_]+)(?:\{(.*)\})?$/.exec(text) ?? [];
  if (!bare.has(code)) return undefined;
  const params = (list ?? '').split('; ').flatMap((pair) => {
    const equals = pair.indexOf('=');
    return equals === -1 ? [] : [[pair.slice(0, equals), pair.slice(equals + 1)] as const];
  });
  return { code: code as ReasonCode, params: Object.fromEntries(params) };
}

/** `blocked.consent` for each set of missing gate signals, made once. */
const MISSING = Array.from({ length: 16 }, (_, mask) =>
  reason('blocked.consent', { missing: mask === 0 ? undefined : signalsOf(mask).join(', ') }),
);

/** Why nothing is sent where these signals are missing. `service` = the service whose refusal closed the route. */
export function missingConsent(missing: SignalMask, service?: string): Reason<'blocked.consent'> {
  const plain = MISSING[missing & 15] as Reason<'blocked.consent'>;
  return service === undefined ? plain : reason('blocked.consent', { ...plain.params, service });
}
