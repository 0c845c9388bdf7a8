import { exchange } from '../delivery/attempt.ts';
import { SecretProblem } from '../delivery/attempt.ts';
import type { Route } from '../policy/gateway.ts';
import gatewayFrom, { Unusable } from '../platform/node/gateway-source.ts';
import { nodeSecrets } from '../platform/node/secrets.ts';
import { createSend } from '../platform/node/send.ts';
import { version } from '../platform/node/version.ts';
import { FINDINGS, FINE, readArgs, UNUSABLE } from './args.ts';
import { readText } from './read-config.ts';
import { sinkAddress } from './serve.ts';

/** What came of asking one vendor. */
interface Checked {
  readonly route: string;
  readonly ok: boolean;
  readonly message: string;
}

/** `portvakt check <config.yaml> [--sink URL] [--json]`: one harmless validation request to each vendor that has such a mode. */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(args, { sink: { type: 'string' }, json: { type: 'boolean' } }, [
    'config.yaml',
  ]);
  const file = positionals[0] as string;
  const sink = values.sink === undefined ? undefined : sinkAddress(values.sink);
  let routes: readonly Route[];
  try {
    // No key is used here: nothing is stored and no pseudonym made.
    const gateway = gatewayFrom({ text: readText(file), file, sink: sink !== undefined, rootKey: new Uint8Array(32) });
    routes = [...gateway.routeOf.values()];
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    console.error(error.message);
    return UNUSABLE;
  }
  const send = createSend({ sink, version: version() });
  const secrets = nodeSecrets({ sink: sink !== undefined, send });
  const results: Checked[] = [];
  for (const route of routes) results.push(await check(route, send, secrets));
  send.close();
  if (values.json === true) console.log(JSON.stringify(results, null, 2));
  else for (const { route, ok, message } of results) console.log(`${ok ? 'ok  ' : 'FAIL'}  ${route}  ${message}`);
  return results.every(({ ok }) => ok) ? FINE : FINDINGS;
}

async function check(
  route: Route,
  send: Parameters<typeof exchange>[2],
  secrets: Parameters<typeof exchange>[3],
): Promise<Checked> {
  const probe = route.bound.probe();
  if (probe === undefined) {
    return {
      route: route.key,
      ok: true,
      message: `${route.destination.title} has no way to check without sending an event`,
    };
  }
  try {
    const reply = await exchange(probe.request, route.destination.hosts, send, secrets);
    return { route: route.key, ...probe.read(reply) };
  } catch (error) {
    const code: unknown = (error as NodeJS.ErrnoException).code;
    const why =
      error instanceof SecretProblem ? error.message : typeof code === 'string' ? `no answer (${code})` : 'no answer';
    return { route: route.key, ok: false, message: why };
  }
}
