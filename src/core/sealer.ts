/**
 * Seals user data that a receiver gets in the clear, as long as it waits: authenticated encryption under a key of the
 * site.
 */
export interface Sealer {
  /** @param place the record and field the text belongs to: it cannot be opened for another place */
  readonly seal: (text: string, place: string) => string;
  /** @throws Error where the text was changed, or sealed under another key or for another place */
  readonly open: (sealed: string, place: string) => string;
}

/**
 * How a runtime seals under a key of 32 bytes. It is synchronous, because a record is written, and an event sent, in
 * one step.
 */
export type Sealing = (key: Uint8Array) => Sealer;
