import * as z from 'zod';
import { judgeStatus, retryAfter, retryCode, retryVerdict, type Reply, type Verdict } from '../destination.ts';
import { answered, type VendorReason } from '../reason.ts';
import { parseJson } from '../reply.ts';

/** Google's codes are upper case with underscores. Any other text in their place is not repeated. */
const code = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{1,79}$/)
  .catch('');
const violation = z.object({ field: z.string().catch(''), reason: code }).catch({ field: '', reason: '' });
const detail = z.object({
  reason: code,
  metadata: z.object({ quota_limit: z.string().catch('') }).catch({ quota_limit: '' }),
  fieldViolations: z.array(violation).catch([]),
});
type Detail = z.output<typeof detail>;
const NO_DETAIL: Detail = { reason: '', metadata: { quota_limit: '' }, fieldViolations: [] };
/** Google's standard error body (`destinations/google-ads.md` 2.7), read defensively: messages are never looked at. */
const errorBody = z.object({
  error: z.object({ status: code, details: z.array(detail.catch(NO_DETAIL)).catch([]) }),
});

export interface GoogleApiError {
  readonly status: string;
  readonly details: readonly Detail[];
}

/** Reasons for which a person has to correct the settings or the account. Until then Google takes no event. */
const SETTINGS = new Set([
  'INVALID_DESTINATION',
  'DUPLICATE_DESTINATION_REFERENCE',
  'TERMS_AND_CONDITIONS_NOT_SIGNED',
  'INVALID_CONVERSION_ACTION_ID',
  'INVALID_CONVERSION_ACTION_TYPE',
  'INVALID_PROPERTY_TYPE',
  'INVALID_STREAM_TYPE',
  'INVALID_MERCHANT_ID',
  'DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS',
  'DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS',
  'DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED',
  'DESTINATION_ACCOUNT_TYPE_MISMATCH',
  'OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH',
  'EVENT_SOURCE_AND_DESTINATION_MISMATCH',
  'NOT_ALLOWLISTED',
]);

const HOUR = 3_600_000;
/** First wait after UNAVAILABLE and DEADLINE_EXCEEDED in Google's own client settings (2.7). */
const FIRST_WAIT = 5_000;

/** What Google's answer means. Fast-fail: one bad event fails the whole request, and the answer names it (2.7). */
export function judgeIngest(reply: Reply, count: number): Verdict {
  const { status } = reply;
  const error = readGoogleError(reply.body);
  const means: Meaning = (what) => answered(what, status, error?.status, firstWord(error));
  if (status >= 200 && status < 300) {
    if (error !== undefined) return { kind: 'retry', reason: means('vendor.unavailable') };
    // A portal or proxy in between answers with a page; Google never does.
    if (reply.body.trimStart().startsWith('<')) return { kind: 'retry', reason: means('vendor.unreadable') };
    const ticket = ticketOf(reply.body);
    return ticket === undefined ? { kind: 'delivered' } : { kind: 'awaiting', ticket };
  }
  switch (status) {
    case 400:
      return judgeInvalid(error, count, means);
    case 401:
    case 403:
      return { kind: 'stop', reason: means('vendor.credentials') };
    case 404:
      return { kind: 'stop', reason: means('vendor.settings') };
    case 413:
      return unnamed(count, means('vendor.refused'));
    case 429:
      return error?.details.some(({ metadata }) => /day/i.test(metadata.quota_limit)) === true
        ? { kind: 'retry', reason: means('vendor.busy'), afterMs: Math.max(HOUR, retryAfter(reply) ?? 0) }
        : retryVerdict(reply, means('vendor.busy'));
    case 503:
    case 504:
      return { kind: 'retry', reason: means(retryCode(status)), afterMs: retryAfter(reply) ?? FIRST_WAIT };
    default: {
      const verdict = judgeStatus(reply);
      return verdict.kind === 'rejected' ? { kind: 'rejected', reason: means('vendor.refused') } : verdict;
    }
  }
}

/** A reason with the status and the codes of the answer at hand. */
type Meaning = (what: Parameters<typeof answered>[0]) => VendorReason;

function judgeInvalid(error: GoogleApiError | undefined, count: number, means: Meaning): Verdict {
  const violations = error?.details.flatMap(({ fieldViolations }) => fieldViolations) ?? [];
  const reasons = [...(error?.details.map((detail) => detail.reason) ?? []), ...violations.map((v) => v.reason)];
  if (reasons.some((word) => SETTINGS.has(word))) return { kind: 'stop', reason: means('vendor.settings') };
  const rejected = new Map<number, VendorReason>();
  for (const { field, reason: word } of violations) {
    const index = eventIndex(field);
    if (index !== undefined && index < count) {
      rejected.set(index, word === '' ? means('vendor.refused') : answered('vendor.refused', 400, word));
    }
  }
  if (rejected.size > 0) return { kind: 'partly', rejected, rest: 'resend' };
  return unnamed(count, means('vendor.refused'));
}

/** One of the events is wrong, and Google does not say which. */
function unnamed(count: number, reason: VendorReason): Verdict {
  return count > 1 ? { kind: 'bisect', reason } : { kind: 'rejected', reason };
}

/** The first number in brackets after the word `events` (2.7). */
export function eventIndex(field: string): number | undefined {
  const index = /events[^[]{0,80}\[(\d{1,6})\]/.exec(field)?.[1];
  return index === undefined ? undefined : Number(index);
}

/** The first of Google's codes for what is wrong. It says nothing of the event. */
function firstWord(error: GoogleApiError | undefined): string | undefined {
  return error?.details
    .flatMap((d) => [...d.fieldViolations.map((v) => v.reason), d.reason])
    .find((word) => word !== '');
}

/** The number by which Google is asked about a request; undefined where the answer has none. */
function ticketOf(body: string): string | undefined {
  return z.object({ requestId: z.string().regex(/^[\w.:~-]{1,256}$/) }).safeParse(parseJson(body)).data?.requestId;
}

export function readGoogleError(body: string): GoogleApiError | undefined {
  if (!body.includes('"error"')) return undefined;
  return errorBody.safeParse(parseJson(body)).data?.error;
}
