import type { PlannedRequest, Reply } from '../../core/destination.ts';
import { reason, wordsOf, type VendorReason } from '../../core/reason.ts';
import type { AccessToken, SecretSource } from '../../core/secret.ts';

/** A request with the secrets in it: exists only between here and the socket. */
export interface FilledRequest extends PlannedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends one request to one of `hosts`, follows nothing, and resolves with whatever the vendor answered. Rejects with
 * `Unsendable` when the request itself is at fault, with `AddressRefused` when the host's address may not be sent to, with
 * `Recalled` when `may` returned false, with any other error when the network is at fault. `may` is asked just before the
 * first byte, because a visitor may withdraw while the request waits for a connection.
 */
export type Send = (request: FilledRequest, hosts: readonly string[], may?: () => boolean) => Promise<Reply>;

/** What a request needs to go out. */
export interface Wire {
  readonly send: Send;
  readonly secrets: Secrets;
  /** Wall clock, unix milliseconds: how old an event is, and when a signature was made. */
  readonly now: () => number;
}

/** A visitor has withdrawn before the first byte went. */
export class Recalled extends Error {
  override readonly name = 'Recalled';
}

/** Where the values behind names come from. */
export interface Secrets {
  /**
   * The value now; rejects with `SecretProblem`.
   * @param standIn used in its place where everything goes to a sink and there is no such secret
   */
  value(source: SecretSource, standIn?: string): Promise<string>;
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

/** The name resolves to an address no vendor has: DNS rebinding, a poisoned resolver, or a mistake in the settings. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  readonly code = 'EADDRREFUSED';
  readonly reason = reason('vendor.address_refused');
  constructor() {
    super(wordsOf(reason('vendor.address_refused')));
  }
}
