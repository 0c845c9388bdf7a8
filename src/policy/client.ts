import { forwardedFor } from '../privacy/forwarded.ts';
import { clientAddress } from '../privacy/ip.ts';
import type { Hit } from '../protocols/hit.ts';
import type { Gateway } from './gateway.ts';

/** The client's address, by the one header the operator's proxies write (R37, R38); undefined when it is not known. */
export function clientOf({ peer, headers }: Hit, { addressHeader, trustedProxies }: Gateway): string | undefined {
  const written = addressHeader === 'forwarded' ? forwardedFor(headers['forwarded']) : headers['x-forwarded-for'];
  return clientAddress(peer, written, trustedProxies);
}
