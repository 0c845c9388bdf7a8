import { Counters } from '../../ledger/counters.ts';
import { createFetch, type WebGateway } from '../web/create-fetch.ts';
import { createWorkersAdmin } from './admin.ts';
import { envText } from './built-config.ts';
import { ADMIN_TOKEN } from './built-version.ts';
import { gateway } from './gateway.ts';
import { ObjectClient } from './object-client.ts';
import type { OutboxNamespace } from './rpc.ts';

export { OutboxObject } from './outbox-object.ts';
export { Sender } from './sender.ts';

type Env = Readonly<Record<string, unknown>> & { readonly OUTBOX: OutboxNamespace };

type Asked = Request & { readonly cf?: { readonly country?: string } };

/** What the platform gives beside a request. */
interface Context {
  /** Goes on after the answer, half a minute at most. */
  waitUntil(work: Promise<unknown>): void;
}

interface Isolate {
  readonly web: WebGateway;
  readonly client: ObjectClient;
}

/** How long counts wait before they are sent to the object of a site, milliseconds. */
const TELL_MS = 5_000;

let made: Isolate | undefined;
/** When counts are sent next, unix milliseconds. */
let tellAt = 0;

/** Made once for each isolate, at the first request, because before it there are no random bytes. */
function isolate(env: Env): Isolate {
  if (made !== undefined) return made;
  const counters = new Counters();
  const client = new ObjectClient(env.OUTBOX, gateway, envText(env, 'PORTVAKT_JURISDICTION'), counters);
  // Header bytes are read as UTF-8 there, and Cookie lines put together with a comma.
  const headers = { bytes: 'utf-8', joinsCookies: true } as const;
  const elsewhere = createWorkersAdmin(gateway, client, envText(env, ADMIN_TOKEN));
  return (made = { web: createFetch({ gateway, outbox: client, counters, headers, elsewhere }), client });
}

/** Tells what was counted, a moment after the first of several hits: one call for all of them. */
async function tellLater(client: ObjectClient): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, TELL_MS));
  await client.tellCounts();
}

export default {
  fetch(request: Asked, env: Env, context: Context): Promise<Response> {
    const { web, client } = isolate(env);
    const now = Date.now();
    if (now >= tellAt) {
      tellAt = now + TELL_MS;
      context.waitUntil(tellLater(client));
    }
    // The platform sets both, and a client cannot.
    const peer = request.headers.get('cf-connecting-ip') ?? undefined;
    return web.fetch(request, { peer, country: request.cf?.country });
  },
};
