/**
 * Seals user data that a receiver gets in the clear, for as long as it waits: authenticated encryption under a key of the
 * site.
 */
export interface Sealer {
  /** @param place what the text belongs to: it can be opened for nothing else */
  readonly seal: (text: string, place: string) => string;
  /** @throws Error where it was sealed under another key or for another place, or where it was changed */
  readonly open: (sealed: string, place: string) => string;
}

/** How a runtime seals under a key of 32 bytes. At once: a record is written, and an event sent, in one step. */
export type Sealing = (key: Uint8Array) => Sealer;
