import type { PlannedRequest } from '../../core/destination.ts';
import { SECRET } from '../../core/egress.ts';
import { reason } from '../../core/reason.ts';
import {
  isAccessToken,
  showSecretRef,
  type AccessToken,
  type SecretPart,
  type Signature,
  type Text,
} from '../../core/secret.ts';
import { SecretProblem, type FilledRequest, type Secrets } from './ports.ts';
import { signed, signingKey, SINK_KEY } from './signature.ts';

/** What is known when a request is filled: each attempt has its own. */
interface Filling {
  readonly secrets: Secrets;
  /** Unix seconds, the same in every place of one request. */
  readonly at: number;
  /** As it is sent. */
  readonly body: string;
}

/** Whether a request has no secret, time or signature to be filled in: then it is sent as planned. */
export function isFilled(planned: PlannedRequest): planned is FilledRequest {
  if (typeof planned.url !== 'string') return false;
  for (const name in planned.headers) if (typeof planned.headers[name] !== 'string') return false;
  return planned.bodySecret === undefined;
}

const IN_ITS_PLACE = JSON.stringify(SECRET);
const verbatim = (value: string): string => value;

/** Puts in the values of secrets, and the time and signatures, which are known only at the attempt. */
export async function fill(planned: PlannedRequest, secrets: Secrets, now: number): Promise<FilledRequest> {
  const { bodySecret: _, ...rest } = planned;
  const body = await bodyOf(planned, secrets);
  const filling: Filling = { secrets, at: Math.floor(now / 1000), body: body ?? '' };
  // In a URL a value is percent-encoded, so that it cannot end its parameter.
  const url = await resolve(planned.url, filling, encodeURIComponent);
  const headers: Record<string, string> = {};
  for (const name in planned.headers) {
    const text = planned.headers[name];
    if (text !== undefined) headers[name] = await resolve(text, filling, verbatim);
  }
  return { ...rest, url, headers, ...(body !== undefined && { body }) };
}

/** In a text of JSON a value is escaped, so that it cannot end it. */
async function bodyOf({ body, bodySecret }: PlannedRequest, secrets: Secrets): Promise<string | undefined> {
  if (body === undefined || bodySecret === undefined) return body;
  const value = JSON.stringify(await secrets.value(bodySecret));
  return body.replace(IN_ITS_PLACE, () => value);
}

/** The access tokens in a request. */
export function accessTokens(planned: PlannedRequest): AccessToken[] {
  const texts: Text[] = [planned.url, ...Object.values(planned.headers)];
  return texts
    .flatMap((text) => (typeof text === 'string' ? [] : text.parts))
    .filter((part): part is AccessToken => typeof part === 'object' && isAccessToken(part));
}

async function resolve(text: Text, filling: Filling, encode: (value: string) => string): Promise<string> {
  if (typeof text === 'string') return text;
  let filled = '';
  for (const part of text.parts) filled += typeof part === 'string' ? part : encode(await valueOf(part, filling));
  return filled;
}

function valueOf(part: SecretPart, filling: Filling): string | Promise<string> {
  if (!('kind' in part)) return filling.secrets.value(part);
  if (part.kind === 'timestamp') return String(filling.at);
  return part.kind === 'signature' ? sign(part, filling) : filling.secrets.value(part);
}

async function sign({ key: ref, keyForm, over, form }: Signature, { secrets, at, body }: Filling): Promise<string> {
  const key = signingKey(await secrets.value(ref, SINK_KEY), keyForm);
  if (key === undefined) throw new SecretProblem(reason('vendor.secret_unusable', { name: showSecretRef(ref) }));
  let text = '';
  for (const part of over) {
    if (typeof part === 'string') text += part;
    else if (!('kind' in part)) text += await secrets.value(part);
    else text += part.kind === 'timestamp' ? String(at) : body;
  }
  return signed(key, text, form);
}
