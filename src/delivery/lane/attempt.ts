import { judgeStatus, type PlannedRequest, type Reply, type Verdict } from '../../core/destination.ts';
import { reason, wordsOf, type CodeOf, type Reason, type VendorReason } from '../../core/reason.ts';
import type { AccessToken, SecretPart, Text } from '../../core/secret.ts';
import type { Route } from '../../policy/gateway.ts';
import { GATE_MASK } from '../../core/signals.ts';
import { EGRESS_CHECK, egressViolation } from '../egress/index.ts';
import type { QueuedRow } from '../store.ts';

/** A request with the secrets in it: exists only between here and the socket. */
export interface FilledRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Sends one request to one of `hosts`, follows nothing, and resolves with whatever the vendor answered. Rejects with
 * `Unsendable` when the request itself is at fault, with `AddressRefused` when the host is nobody's who may be sent to,
 * with `Recalled` when `may` said no, with any other error when the network is at fault. `may` is asked when the first byte is about to go: a connection may have been waited for.
 */
export type Send = (request: FilledRequest, hosts: readonly string[], may?: () => boolean) => Promise<Reply>;

/** A visitor has withdrawn before the first byte went. */
export class Recalled extends Error {
  override readonly name = 'Recalled';
}

/** Where the values behind names come from. */
export interface Secrets {
  /** The value now; rejects with `SecretProblem`. */
  value(part: SecretPart): Promise<string>;
  /** A token the vendor no longer takes; the next `value` gets a new one. */
  forget(token: AccessToken): void;
}

/** A secret is missing or was refused: the route stops until a person has corrected it. Never holds the value. */
export class SecretProblem extends Error {
  override readonly name = 'SecretProblem';
  readonly reason: VendorReason;
  constructor(reason: VendorReason) {
    super(wordsOf(reason));
    this.reason = reason;
  }
}

/** A request that must not or cannot be sent: an undeclared host, a header no wire can carry. Our own fault. */
export class Unsendable extends Error {
  override readonly name = 'Unsendable';
}

/** The name leads to an address no vendor has: a rebinding, a poisoned resolver, or a mistake in the settings. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  readonly code = 'EADDRREFUSED';
  readonly reason = reason('vendor.address_refused');
  constructor() {
    super(wordsOf(reason('vendor.address_refused')));
  }
}

/** How an attempt ended: a verdict with the vendor's reply if there was one, or a fault of our own. */
export type Attempted =
  | { readonly verdict: Verdict; readonly reply: Reply | undefined }
  | { readonly fault: Reason<CodeOf<'failed'>> }
  /** Nothing was sent, because one of the rows may not be sent any more. */
  | { readonly recalled: true };

/** What an attempt needs of a stored row. */
export type AttemptedRow = Pick<QueuedRow, 'element' | 'signals' | 'acceptedAt'>;

/**
 * Makes one request out of rows with the same envelope, holds it against what may leave, puts the secrets in, sends it
 * and reads the answer.
 */
export async function attempt(
  route: Route,
  envelope: string,
  rows: readonly AttemptedRow[],
  send: Send,
  secrets: Secrets,
  may: () => boolean = always,
): Promise<Attempted> {
  let planned: PlannedRequest;
  try {
    planned = route.bound.request(
      envelope,
      rows.map(({ element }) => element),
    );
  } catch {
    return { fault: reason('failed.request') };
  }
  const rule = violation(route, rows, planned);
  if (rule !== undefined) return { fault: reason(EGRESS_CHECK, { rule }) };
  let reply: Reply;
  try {
    reply = await exchange(planned, route.bound.hosts, send, secrets, may);
  } catch (error) {
    if (error instanceof Recalled) return { recalled: true };
    if (error instanceof SecretProblem || error instanceof AddressRefused)
      return { verdict: { kind: 'stop', reason: error.reason }, reply: undefined };
    if (error instanceof Unsendable) return { fault: reason('failed.unsendable', { why: error.message }) };
    const why = reason('vendor.unreachable', { error: codeOf(error) });
    return { verdict: { kind: 'retry', reason: why }, reply: undefined };
  }
  return { verdict: judge(route, reply, rows.length, envelope), reply };
}

const always = (): boolean => true;

/** If the check itself fails, the request counts as refused. */
function violation(route: Route, rows: readonly AttemptedRow[], planned: PlannedRequest): string | undefined {
  try {
    const facts = rows.map(({ signals, acceptedAt }) => ({
      signals,
      acceptedAt,
      verdict: route.permits[signals & GATE_MASK]?.verdict ?? 'blocked',
    }));
    return egressViolation(route.bound.egress, facts, planned);
  } catch {
    return 'the check itself failed';
  }
}

/** One request with its secrets. A 401 to a cached access token gets one fresh token (google-ads.md 2.7). */
export function exchange(
  planned: PlannedRequest,
  hosts: readonly string[],
  send: Send,
  secrets: Secrets,
  may: () => boolean = always,
): Promise<Reply> {
  return isFilled(planned) ? send(planned, hosts, may) : exchangeFilled(planned, hosts, send, secrets, may);
}

/** Whether a request holds no secret: then it can go as it was planned. */
function isFilled(planned: PlannedRequest): planned is FilledRequest {
  if (typeof planned.url !== 'string') return false;
  for (const name in planned.headers) if (typeof planned.headers[name] !== 'string') return false;
  return true;
}

async function exchangeFilled(
  planned: PlannedRequest,
  hosts: readonly string[],
  send: Send,
  secrets: Secrets,
  may: () => boolean,
): Promise<Reply> {
  const reply = await send(await fill(planned, secrets), hosts, may);
  if (reply.status !== 401) return reply;
  const tokens = accessTokens(planned);
  if (tokens.length === 0) return reply;
  for (const token of tokens) secrets.forget(token);
  return send(await fill(planned, secrets), hosts, may);
}

/** If a module throws on a reply, the events must not be sent again and again. */
function judge(route: Route, reply: Reply, count: number, envelope: string): Verdict {
  try {
    return route.bound.judge(reply, count, envelope);
  } catch {
    return judgeStatus(reply);
  }
}

const verbatim = (value: string): string => value;

async function fill(planned: PlannedRequest, secrets: Secrets): Promise<FilledRequest> {
  const { method, body } = planned;
  const url = typeof planned.url === 'string' ? planned.url : await resolve(planned.url, secrets, encodeURIComponent);
  const headers: Record<string, string> = {};
  for (const name in planned.headers) {
    const text = planned.headers[name];
    if (text !== undefined) headers[name] = typeof text === 'string' ? text : await resolve(text, secrets, verbatim);
  }
  return body === undefined ? { method, url, headers } : { method, url, headers, body };
}

/** Puts values in place of names. In a URL a value is percent-encoded, so that it cannot end its parameter. */
async function resolve(text: Text, secrets: Secrets, encode: (value: string) => string): Promise<string> {
  if (typeof text === 'string') return text;
  let filled = '';
  for (const part of text.parts) filled += typeof part === 'string' ? part : encode(await secrets.value(part));
  return filled;
}

function accessTokens(planned: PlannedRequest): AccessToken[] {
  const texts: Text[] = [planned.url, ...Object.values(planned.headers)];
  return texts
    .flatMap((text) => (typeof text === 'string' ? [] : text.parts))
    .filter((part): part is AccessToken => typeof part === 'object' && 'kind' in part);
}

/** The system's word for an error (`ECONNREFUSED`); never its message, which may quote the request. */
function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'failed';
}
