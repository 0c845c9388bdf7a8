import * as z from 'zod';
import type { Later, LaterVerdict, Probe, Reply } from '../destination.ts';
import { answered } from '../reason.ts';
import { parseJson } from '../reply.ts';
import type { SecretRef } from '../secret.ts';
import { DATA_MANAGER_HOST, dataManagerAuthorization, ingestPost, MAX_DATA_MANAGER_DESTINATIONS } from './ingest.ts';
import { eventIndex, readGoogleError } from './judge.ts';

const HALF_HOUR = 1_800_000;
const DAY = 86_400_000;
/** How old a click is before Google can match it (2.6, 2.7), milliseconds. */
const CLICK_AGE = 6 * 3_600_000;
/** Answers that may be others later: about the credentials, and about a quota. */
const PASSES: ReadonlySet<number> = new Set([401, 403, 429]);
const PREFIX = 'PROCESSING_ERROR_REASON_';
const PROCESSED = 'processed';
const UNREADABLE = 'unreadable';
const UNKNOWN_REASON = 'UNKNOWN_REASON';

/** Why Google did not use a conversion that it had taken (`destinations/google-ads.md` 2.7): words of the metrics. */
const REASONS = new Set(
  `EVENT_TOO_OLD DENIED_CONSENT NO_CONSENT UNKNOWN_CONSENT DUPLICATE_GCLID DUPLICATE_TRANSACTION_ID TOO_RECENT_CLICK
  INVALID_GCLID INVALID_GBRAID INVALID_WBRAID INVALID_CLICK CLICK_NOT_FOUND CONVERSION_PRECEDES_CLICK
  INVALID_OPERATING_ACCOUNT_FOR_CLICK ONE_PER_CLICK_CONVERSION_ACTION_NOT_PERMITTED_WITH_BRAID
  ORIGINAL_CONVERSIONS_NOT_FOUND EXTERNAL_ATTRIBUTION_DATA_MISSING INVALID_EVENT INVALID_FORMAT
  INSUFFICIENT_TRANSACTIONS INSUFFICIENT_MATCHED_TRANSACTIONS INTERNAL_ERROR DECRYPTION_ERROR DEK_DECRYPTION_ERROR
  INVALID_WIP INVALID_KEK WIP_AUTH_FAILED KEK_PERMISSION_DENIED AWS_AUTH_FAILED
  USER_IDENTIFIER_DECRYPTION_ERROR`.split(/\s+/),
);

/** With these answers Google has the events. */
const USED: ReadonlySet<string> = new Set([PROCESSED, 'DUPLICATE_GCLID', 'DUPLICATE_TRANSACTION_ID']);

/** Every word that `laterIngest` counts under, with the reasons that only this product has. */
export function ingestVerdicts(own: readonly string[] = []): readonly string[] {
  return [PROCESSED, UNREADABLE, UNKNOWN_REASON, ...REASONS, ...own];
}

/** An int64 arrives as text. */
const recordCount = z.coerce.number().int().nonnegative().catch(0);
const statusBody = z.object({
  requestStatusPerDestination: z.array(
    z.object({
      requestStatus: z.string().catch(''),
      errorInfo: z
        .object({ errorCounts: z.array(z.object({ recordCount, reason: z.string().catch('') })).catch([]) })
        .catch({ errorCounts: [] }),
      eventsIngestionStatus: z.object({ recordCount }).catch({ recordCount: 0 }),
    }),
  ),
});

/**
 * Google decides later what it makes of the events, and can be asked half an hour after (2.5). Events that came too
 * soon after their click are sent again six hours later (2.7), and after a fault of Google's own they are sent once
 * more. The answer has counts and names no event, so the whole request is sent again: those of its events that Google
 * recognises by their `transactionId`.
 */
export function laterIngest(credentials: SecretRef, own: readonly string[] = []): Later {
  const reasons: ReadonlySet<string> = own.length === 0 ? REASONS : new Set([...REASONS, ...own]);
  return {
    everyMs: HALF_HOUR,
    untilMs: DAY,
    request: (ticket) => ({
      method: 'GET',
      url: `https://${DATA_MANAGER_HOST}/v1/requestStatus:retrieve?requestId=${encodeURIComponent(ticket)}`,
      headers: dataManagerAuthorization(credentials),
    }),
    read: (reply, count) => readStatus(reply, count, reasons),
    repeatable: (element) => z.object({ transactionId: z.string().min(1) }).safeParse(parseJson(element)).success,
  };
}

/** How many events ended how: `processed`, or the reason. Undefined while Google is still at work. */
function readStatus(reply: Reply, count: number, reasons: ReadonlySet<string>): LaterVerdict | undefined {
  if (PASSES.has(reply.status) || reply.status >= 500) return undefined;
  const { data } = statusBody.safeParse(parseJson(reply.body));
  if (data === undefined) return { counts: { [UNREADABLE]: 1 } };
  const counts: Record<string, number> = {};
  for (const { requestStatus, errorInfo, eventsIngestionStatus } of data.requestStatusPerDestination) {
    if (requestStatus === 'PROCESSING') return undefined;
    let failed = 0;
    for (const { recordCount: records, reason } of errorInfo.errorCounts) {
      const word = reason.startsWith(PREFIX) ? reason.slice(PREFIX.length) : reason;
      add(counts, reasons.has(word) ? word : UNKNOWN_REASON, records);
      failed += records;
    }
    const rest = Math.max(0, eventsIngestionStatus.recordCount - failed);
    add(counts, requestStatus === 'FAILED' ? UNKNOWN_REASON : PROCESSED, rest);
  }
  return { counts, ...againOf(counts), ...rejectedOf(counts, count, reply.status) };
}

function againOf(counts: Readonly<Record<string, number>>): Pick<LaterVerdict, 'againAfterMs'> {
  if (counts['TOO_RECENT_CLICK'] !== undefined) return { againAfterMs: CLICK_AGE };
  return counts['INTERNAL_ERROR'] === undefined ? {} : { againAfterMs: HALF_HOUR };
}

/** Google used none of the new events. Events it had before, it still has. */
function rejectedOf(
  counts: Readonly<Record<string, number>>,
  count: number,
  status: number,
): Pick<LaterVerdict, 'rejected'> {
  const words = Object.keys(counts);
  const refused = words.reduce((sum, word) => sum + (counts[word] ?? 0), 0);
  if (words.some((word) => USED.has(word)) || refused < count) return {};
  return { rejected: answered('vendor.refused', status, ...words) };
}

function add(counts: Record<string, number>, word: string, records: number): void {
  if (records > 0) counts[word] = (counts[word] ?? 0) + records;
}

/**
 * A request that is only validated (2.2 `validateOnly`). It shows whether Google accepts the credentials, the account
 * and what is set up in it. The event in it belongs to nobody and carries a denial; Google does not store it. `what`
 * names the accepted things for the person who asks.
 */
export function probeIngest(destinations: readonly object[], credentials: SecretRef, what: string): Probe {
  return {
    request: ingestPost(
      JSON.stringify({
        destinations: destinations.slice(0, MAX_DATA_MANAGER_DESTINATIONS),
        validateOnly: true,
        events: [
          {
            transactionId: 'portvakt-check',
            eventTimestamp: '2026-11-20T10:15:00Z',
            eventSource: 'WEB',
            consent: { adUserData: 'CONSENT_DENIED', adPersonalization: 'CONSENT_DENIED' },
            adIdentifiers: { gclid: 'portvakt-check' },
          },
        ],
      }),
      credentials,
    ),
    read: (reply) => readProbe(reply, what),
  };
}

function readProbe(reply: Reply, what: string): { readonly ok: boolean; readonly message: string } {
  const accepted = { ok: true, message: `Google accepts ${what}` };
  if (reply.status >= 200 && reply.status < 300) return accepted;
  const error = readGoogleError(reply.body);
  const violations = error?.details.flatMap(({ fieldViolations }) => fieldViolations) ?? [];
  // Google may refuse the made-up event: then it accepted everything around it.
  if (
    reply.status === 400 &&
    violations.length > 0 &&
    violations.every(({ field }) => eventIndex(field) !== undefined)
  ) {
    return accepted;
  }
  const words = [...(error?.details.map(({ reason }) => reason) ?? []), ...violations.map(({ reason }) => reason)];
  const named = words.filter((word) => word !== '').join(', ');
  return {
    ok: false,
    message: `Google answers ${reply.status} ${error?.status ?? ''}${named === '' ? '' : `: ${named}`}`,
  };
}
