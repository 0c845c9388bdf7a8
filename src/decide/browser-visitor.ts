import { statesGpc } from '../consent/standards/gpc.ts';
import { clientOf } from '../policy/client.ts';
import type { Gateway, Site } from '../policy/gateway.ts';
import { isTrusted } from '../privacy/ip.ts';
import type { Hit, Visitor } from '../protocols/hit.ts';

/** The visitor whose browser sent a request: what its headers say. */
export function browserVisitor(hit: Hit, site: Site, gateway: Gateway): Visitor {
  const { headers } = hit;
  const named =
    gateway.countryHeader !== undefined && isTrusted(hit.peer, gateway.trustedProxies)
      ? headers[gateway.countryHeader]
      : undefined;
  const country = readCountry(hit.country ?? named);
  return {
    cookies: headers['cookie'] ?? '',
    gpc: statesGpc(headers['sec-gpc']),
    userAgent: headers['user-agent'],
    // Without a mode that needs the address, it is not read.
    address: site.privacy.ip === 'truncate' ? clientOf(hit, gateway) : undefined,
    country,
    clientId: undefined,
    sessionId: undefined,
  };
}

function readCountry(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Za-z]{2}$/.test(text) ? text.toUpperCase() : undefined;
}
