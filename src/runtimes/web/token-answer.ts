import type { Reply } from '../../core/destination.ts';
import { reason } from '../../core/reason.ts';
import { parseObject } from '../../core/reply.ts';
import { SecretProblem } from '../../delivery/lane/ports.ts';
import type { KeptToken } from './kept-tokens.ts';

/** How long a token is taken to be valid where the answer does not say, milliseconds. */
const LIFETIME_MS = 3_600_000;
/** A token is renewed so long before it ends, milliseconds. */
const MARGIN_MS = 5 * 60_000;
/** The token when a sink answers without one, so that a plain recorder is enough. */
const SINK_TOKEN = 'sink';

interface Exchanged {
  /** The name of the credentials in the configuration, for the message. */
  readonly name: string;
  /** When it was asked, Unix milliseconds. */
  readonly at: number;
  readonly sink: boolean;
}

/**
 * The token in the answer of an OAuth endpoint (RFC 6749 5.1).
 * @throws SecretProblem when the credentials are refused; another error when none came and one may come later
 */
export function tokenFrom({ status, body }: Reply, { name, at, sink }: Exchanged): KeptToken {
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    throw new SecretProblem(reason('vendor.secret_unusable', { name, status: `${status}` }));
  }
  const answer = status >= 200 && status < 300 ? parseObject(body) : undefined;
  const token = answer?.['access_token'];
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) {
    const seconds = Number(answer?.['expires_in']);
    const lifetime = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : LIFETIME_MS;
    return { value: token, renewAt: at + Math.max(lifetime - MARGIN_MS, lifetime / 2) };
  }
  if (sink && status >= 200 && status < 300) return { value: SINK_TOKEN, renewAt: at + LIFETIME_MS };
  throw Object.assign(new Error('no token came'), { code: 'ENOTOKEN' });
}
