import { createFetch, type WebGateway } from '../web/create-fetch.ts';
import { createWorkersAdmin, type Admin } from './admin.ts';
import { envText } from './built-config.ts';
import { ADMIN_TOKEN } from './built-version.ts';
import { gateway } from './gateway.ts';
import { ObjectClient } from './object-client.ts';
import type { OutboxNamespace } from './rpc.ts';

export { OutboxObject } from './outbox-object.ts';
export { Sender } from './sender.ts';

type Env = Readonly<Record<string, unknown>> & { readonly OUTBOX: OutboxNamespace };

interface Isolate {
  readonly web: WebGateway;
  readonly admin: Admin;
}

let made: Isolate | undefined;

/** Made once for each isolate, at the first request, because before it there are no random bytes. */
function isolate(env: Env): Isolate {
  if (made !== undefined) return made;
  const client = new ObjectClient(env.OUTBOX, gateway, envText(env, 'PORTVAKT_JURISDICTION'));
  // Header bytes are read as UTF-8 there, and Cookie lines put together with a comma.
  const web = createFetch({ gateway, outbox: client, headers: { bytes: 'utf-8', joinsCookies: true } });
  return (made = { web, admin: createWorkersAdmin(gateway, client, envText(env, ADMIN_TOKEN)) });
}

export default {
  fetch(request: Request & { readonly cf?: { readonly country?: string } }, env: Env): Promise<Response> {
    const { web, admin } = isolate(env);
    const asked = admin(request);
    if (asked !== undefined) return asked;
    // The platform sets both, and a client cannot.
    const peer = request.headers.get('cf-connecting-ip') ?? undefined;
    return web.fetch(request, { peer, country: request.cf?.country });
  },
};
