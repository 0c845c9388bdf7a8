import type { PlannedRequest, Reply } from './destination.ts';
import type { VendorReason } from './reason.ts';

/**
 * How a vendor is asked what it made of a request that it took (`Verdict` of kind `awaiting`). The events of the request
 * stay in the outbox until it is known, over a restart, and a withdrawal takes them out.
 */
export interface Later {
  /** It is asked so long after the answer, and again after as long, milliseconds. */
  readonly everyMs: number;
  /** What has no verdict after so long counts as delivered, milliseconds. */
  readonly untilMs: number;
  /** The question. Pure. */
  readonly request: (ticket: string) => PlannedRequest;
  /**
   * What the answer says; undefined = not known yet.
   * @param count how many events were in the request
   */
  readonly read: (reply: Reply, count: number) => LaterVerdict | undefined;
  /** Whether the vendor recognises this element when it comes a second time, by its order number: only then it may. */
  readonly repeatable: (element: string) => boolean;
}

/** What a vendor made of the events of one request. */
export interface LaterVerdict {
  /** Events by a fixed word, for the metrics. */
  readonly counts: Readonly<Record<string, number>>;
  /**
   * Some came too soon, or met a fault of the vendor, and it does not say which: those it would recognise are sent once
   * more, after so long, milliseconds. Not a second time.
   */
  readonly againAfterMs?: number;
  /** It used none of them, and says why: dead letters. */
  readonly rejected?: VendorReason;
}
