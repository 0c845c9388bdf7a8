/** Segment's limits for senders with a key (`protocols/segment.md` 6); those for browsers are lower. */
export const SEGMENT_LIMITS = {
  /** Bytes of one call in a batch. */
  call: 32 * 1024,
  /** Bytes of a batch. */
  batch: 500 * 1024,
  /** Calls in a batch: as many as fit into it if each is shorter than any SDK writes one. */
  calls: 2_500,
  /** Levels of nesting; what is nested deeper than the parts that are read is left out. */
  depth: 32,
} as const;
