/**
 * Google's consent types, the common language of the vendors (`destinations/consent-mode.md` 1). A set of signals is a
 * bit mask, so that a decision is a table look-up and readings are combined with `&`.
 */
export const SIGNALS = [
  'ad_storage',
  'analytics_storage',
  'ad_user_data',
  'ad_personalization',
  'functionality_storage',
  'personalization_storage',
  'security_storage',
] as const;

export type Signal = (typeof SIGNALS)[number];

/** The four signals that decide what may leave. The other three are read and reported, but open or close nothing. */
export type GateSignal = 'ad_storage' | 'analytics_storage' | 'ad_user_data' | 'ad_personalization';

/** A set of signals, bit i = `SIGNALS[i]`. */
export type SignalMask = number;

export const BIT: Readonly<Record<Signal, SignalMask>> = {
  ad_storage: 1,
  analytics_storage: 2,
  ad_user_data: 4,
  ad_personalization: 8,
  functionality_storage: 16,
  personalization_storage: 32,
  security_storage: 64,
};

export const NO_SIGNALS: SignalMask = 0;
export const ALL_SIGNALS: SignalMask = 127;

/** The bits of these four signals: a permit table has one entry for each of their 16 states. */
export const GATE_MASK: SignalMask = 15;
export const GATE_STATES = 16;

/** The advertising signals: GPC, US opt-outs and a refusal of marketing take them away. */
export const AD_SIGNALS: SignalMask = 1 | 4 | 8;

/** What people call a group of signals in a banner (`consent.md` 1: P, S, M). */
export type Category = 'preferences' | 'statistics' | 'marketing';

/** CMP categories as signals (design 3). */
export const CATEGORY_SIGNALS: Readonly<Record<Category, SignalMask>> = {
  preferences: 16 | 32,
  statistics: 2,
  marketing: AD_SIGNALS,
};

/** The mask of a list of signals. */
export function maskOf(signals: readonly Signal[]): SignalMask {
  let mask = 0;
  for (const signal of signals) mask |= BIT[signal];
  return mask;
}

/** The signals of a mask, in the order of `SIGNALS`. */
export function signalsOf(mask: SignalMask): Signal[] {
  return SIGNALS.filter((signal) => (mask & BIT[signal]) !== 0);
}
