import type { RequestMethod } from './egress.ts';
import type { SecretRef, Text } from './secret.ts';

/** A request as a value. Secrets in it are still names. */
export interface PlannedRequest {
  readonly method: RequestMethod;
  readonly url: Text;
  readonly headers: Readonly<Record<string, Text>>;
  readonly body?: string;
  /** The secret of a body of JSON, where a vendor wants it there: one of its texts is `SECRET` in its place. */
  readonly bodySecret?: SecretRef;
  /** From its start to the end of the answer, milliseconds. Undefined = what the runtime gives every vendor. */
  readonly timeoutMs?: number;
}

/** What a vendor answered; the body is cut at 64 KiB (R74). Header names are lower-case. */
export interface Reply {
  readonly status: number;
  /** When it came, unix milliseconds: what an HTTP date in `Retry-After` is measured against. */
  readonly at: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}
