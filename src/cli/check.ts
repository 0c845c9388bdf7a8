import { exchange } from '../delivery/lane/attempt.ts';
import { AddressRefused, SecretProblem, type Wire } from '../delivery/lane/ports.ts';
import type { Route } from '../policy/gateway.ts';
import { readGateway } from '../runtimes/node/process/read-gateway.ts';
import { Unusable } from '../runtimes/node/process/unusable.ts';
import { nodeSecrets } from '../runtimes/node/process/secrets.ts';
import { createSend } from '../runtimes/node/vendors/send.ts';
import { version } from '../runtimes/node/process/version.ts';
import { FINDINGS, FINE, readArgs, UNUSABLE } from './args.ts';
import { readText } from './read-text.ts';
import { sinkAddress } from './serve.ts';

/** The result for one vendor; `unchecked` = it cannot be asked without sending an event. */
interface Checked {
  readonly route: string;
  readonly result: 'ok' | 'failed' | 'unchecked';
  readonly message: string;
}

const MARKS = { ok: 'ok  ', failed: 'FAIL', unchecked: '-   ' } as const;

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
    const { gateway } = readGateway({
      text: readText(file),
      file,
      sink: sink !== undefined,
      rootKey: () => new Uint8Array(32),
    });
    routes = [...gateway.routeOf.values()];
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    console.error(error.message);
    return UNUSABLE;
  }
  const send = createSend({ sink, version: version() });
  const wire: Wire = { send, secrets: nodeSecrets({ sink: sink !== undefined, send }), now: Date.now };
  const results = await Promise.all(routes.map((route) => check(route, wire)));
  send.close();
  if (values.json === true) console.log(JSON.stringify(results, null, 2));
  else for (const { route, result, message } of results) console.log(`${MARKS[result]}  ${route}  ${message}`);
  return results.some(({ result }) => result === 'failed') ? FINDINGS : FINE;
}

async function check(route: Route, wire: Wire): Promise<Checked> {
  const said = (result: Checked['result'], message: string): Checked => ({ route: route.key, result, message });
  const probe = route.bound.probe();
  if (probe === undefined) {
    return said('unchecked', `${route.destination.title} has no way to check without sending an event`);
  }
  try {
    const { ok, message } = probe.read(await exchange(probe.request, route.bound.hosts, wire));
    return said(ok ? 'ok' : 'failed', message);
  } catch (error) {
    if (error instanceof SecretProblem || error instanceof AddressRefused) return said('failed', error.message);
    const code: unknown = (error as NodeJS.ErrnoException).code;
    return said('failed', typeof code === 'string' ? `no answer (${code})` : 'no answer');
  }
}
