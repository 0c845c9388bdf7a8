import type { PlannedRequest, Reply } from './destination.ts';
import type { VendorReason } from './reason.ts';

/**
 * How a vendor is asked about a request that it took (`Verdict` of kind `awaiting`). The events of the request stay in
 * the outbox until the answer is known, also over a restart. A withdrawal removes them.
 */
export interface Later {
  /** How long after the answer the vendor is asked, and how long between two questions, milliseconds. */
  readonly everyMs: number;
  /** After this time without a verdict the events count as delivered, milliseconds. */
  readonly untilMs: number;
  /** Makes the question. Pure. */
  readonly request: (ticket: string) => PlannedRequest;
  /** What the answer says; undefined = not known yet.\n@param count how many events were in the request */
  readonly read: (reply: Reply, count: number) => LaterVerdict | undefined;
  /**
   * Whether the vendor recognises this element by its order number when it comes a second time. Only then it may be
   * sent again.
   */
  readonly repeatable: (element: string) => boolean;
}

/** What a vendor did with the events of one request. */
export interface LaterVerdict {
  /** Numbers of events by a fixed word, for the metrics. */
  readonly counts: Readonly<Record<string, number>>;
  /**
   * Some events came too soon, or met a fault of the vendor, and the vendor does not say which. Those that it would
   * recognise are sent once more after this time, milliseconds, and not a second time.
   */
  readonly againAfterMs?: number;
  /** The vendor used none of the events and says why: they become dead letters. */
  readonly rejected?: VendorReason;
}
