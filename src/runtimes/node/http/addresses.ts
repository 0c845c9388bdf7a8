import ipaddr from 'ipaddr.js';
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { AddressRefused } from '../../../delivery/lane/ports.ts';

/** The range in which NAT64 puts addresses of version 4 (RFC 6052): in the last four bytes. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/**
 * All addresses of version 6 that are assigned for public use. `::/96`, which carries addresses of version 4, is not
 * among them.
 */
const GLOBAL = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether a connection may go to this address (R68, `destinations/http.md` 4): public unicast only. NAT64 is the only
 * tunnel that leads to public vendors; for its addresses, the address inside decides.
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.kind() === 'ipv4') return parsed.range() === 'unicast';
  const v6 = parsed as ipaddr.IPv6;
  if (v6.match(NAT64)) return ipaddr.fromByteArray(v6.toByteArray().slice(12)).range() === 'unicast';
  return v6.match(GLOBAL) && v6.range() === 'unicast';
}

/**
 * `resolve`, but a name is refused if any of its addresses is not public. The connection uses the checked addresses.
 */
export function publicOnly(resolve: typeof lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null) callback(error, '', 0);
      else if (first === undefined || !addresses.every(({ address }) => isPublic(address))) {
        callback(new AddressRefused(), '', 0);
      } else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** The system's resolver, public addresses only. */
export const publicLookup = publicOnly(lookup);
