import ipaddr from 'ipaddr.js';
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** A vendor's name that leads to an address no vendor has: a rebinding, a poisoned resolver, or a typing error. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  readonly code = 'EADDRREFUSED';
}

/**
 * Whether a connection may go to this address (R68): public unicast only. Addresses that carry another one inside are
 * judged by that one; a NAT64 gateway is the only tunnel a public vendor is reached through.
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.kind() === 'ipv4') return parsed.range() === 'unicast';
  const v6 = parsed as ipaddr.IPv6;
  if (v6.isIPv4MappedAddress()) return false;
  if (v6.range() === 'rfc6052') {
    const bytes = v6.toByteArray().slice(12);
    return ipaddr.fromByteArray(bytes).range() === 'unicast';
  }
  return v6.range() === 'unicast';
}

/** `resolve`, refusing a name if any of its addresses is not public; what was checked is what is connected to. */
export function publicOnly(resolve: typeof lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null) callback(error, '', 0);
      else if (first === undefined || !addresses.every(({ address }) => isPublic(address))) {
        callback(new AddressRefused('the name leads to an address that is not public'), '', 0);
      } else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** The system's resolver, public addresses only. */
export const publicLookup = publicOnly(lookup);
