import { accountOf } from '../../src/ledger/account.ts';
import type { Windows } from '../../src/ledger/windows.ts';
import { decideRequest } from '../../src/decide/request.ts';
import type { Trace } from '../../src/decide/trace.ts';
import type { Gateway } from '../../src/policy/gateway.ts';
import type { Hit } from '../../src/protocols/hit.ts';
import { gatewayOf } from '../support/hits.ts';

/** A small site whose ids are replaced. */
export function replacing(settings = '{}', more = ''): Gateway {
  return gatewayOf(`
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    privacy: { ip: none, referrer: none, replaced_ids: ${settings} }
    destinations: { ga4: { measurement_id: G-TEST000001, api_secret: "\${GA4_API_SECRET}" } }
${more}`);
}

/** Decides a hit the way serving does, and counts it. */
export function served(hit: Hit, gateway: Gateway, windows: Windows): Trace {
  const done = decideRequest(hit, gateway, windows.at(gateway, hit.at));
  if (!('trace' in done)) throw new Error(JSON.stringify(done.problem));
  windows.count(accountOf(done.trace, false));
  return done.trace;
}

/** Different keys, the same ones in every run. */
export function keysFrom(first: number): () => Uint8Array {
  let next = first;
  return () => new Uint8Array(32).fill(next++);
}

/** What the GA4 route of a trace sends: query and User-Agent. */
export function sent(trace: Trace): { readonly query: URLSearchParams; readonly agent: string } {
  const { route, plan } = trace.events[0]?.routes[0] ?? {};
  if (route === undefined || plan === undefined) throw new Error(trace.events[0]?.routes[0]?.reason?.code ?? 'nothing');
  const { url, headers } = route.bound.request(plan.envelope, [plan.element]);
  const agent = headers['user-agent'] ?? '';
  if (typeof url !== 'string' || typeof agent !== 'string') throw new TypeError('a web hit holds no secrets');
  return { query: new URL(url).searchParams, agent };
}
