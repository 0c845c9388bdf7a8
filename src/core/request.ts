import type { RequestMethod } from './egress.ts';
import type { SecretRef, Text } from './secret.ts';

/** A request as a value. Secrets in it are still names. */
export interface PlannedRequest {
  readonly method: RequestMethod;
  readonly url: Text;
  readonly headers: Readonly<Record<string, Text>>;
  readonly body?: string;
  /** The secret of a JSON body, for vendors that want it there. `SECRET` is in its place in one of the texts. */
  readonly bodySecret?: SecretRef;
  /** From the start to the end of the answer, milliseconds. Undefined = the runtime's limit for every vendor. */
  readonly timeoutMs?: number;
}

/** A vendor's answer; the body is cut at 64 KiB (R74). Header names are lower-case. */
export interface Reply {
  readonly status: number;
  /** When the answer came, unix milliseconds. An HTTP date in `Retry-After` is compared with it. */
  readonly at: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}
