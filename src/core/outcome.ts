/**
 * How an (event, route) ended (design 1). Every pair ends in exactly one of these. A person's retry may reopen `dead`.
 */
export const OUTCOMES = [
  'delivered',
  'blocked',
  'skipped',
  'invalid',
  'rejected',
  'dead',
  'expired',
  'withdrawn',
  'failed',
] as const;

export type Outcome = (typeof OUTCOMES)[number];
