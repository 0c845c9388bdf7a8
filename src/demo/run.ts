import { readFileSync } from 'node:fs';
import { signalsOf } from '../core/signals.ts';
import { Live } from '../http/live.ts';
import type { EventTrace, RouteTrace, Trace } from '../pipeline.ts';
import { startGateway } from '../platform/node/serve.ts';
import { addPages } from './pages.ts';
import { showRequest, startRecorder } from './recorder.ts';

/** Where the demo listens and keeps its data. */
export interface DemoOptions {
  readonly configFile: string;
  readonly listen: string;
  readonly admin: string;
  readonly data: string;
}

/** The demo: gateway, shop and recorder in one process. Resolves when it has stopped. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const stream = new Live();
  const routeOfHost = new Map<string, string>();
  const recorder = await startRecorder((received) => {
    const route = routeOfHost.get(received.host);
    if (route === undefined) return;
    const request = showRequest(received);
    stream.send('received', { route, request });
    print(`  ${route} received\n${request.replace(/^/gm, '      ')}`);
  });
  // The page's own address is an allowed origin wherever the demo listens.
  const text = readFileSync(options.configFile, 'utf8').replaceAll(
    ':8080',
    options.listen.slice(options.listen.lastIndexOf(':')),
  );
  const gateway = await startGateway({
    text,
    file: options.configFile,
    listen: options.listen,
    admin: options.admin,
    data: options.data,
    sink: recorder.url,
    watch: (trace) => tell(trace, stream),
    extend: (app) => addPages(app, stream),
    watchFile: false,
  });
  for (const route of gateway.routes()) {
    for (const host of route.destination.hosts) if (host !== 'oauth2.googleapis.com') routeOfHost.set(host, route.name);
  }
  print(`
Portvakt is running, with a recorder on this machine in place of every vendor.

  Open   ${gateway.url}/          the demo shop: choose in the banner, click, and see what each vendor receives
  Admin  ${gateway.adminUrl}/metrics

Stop it with Ctrl-C.
`);
  const code = await gateway.stopped;
  recorder.close();
  return code;
}

function tell(trace: Trace, stream: Live): void {
  for (const event of trace.events) {
    const granted = signalsOf(event.signals);
    print(`${event.name}: ${granted.length === 0 ? 'nothing is allowed' : `allowed: ${granted.join(', ')}`}`);
    const routes = event.routes.map((decision) => ({
      route: decision.route.name,
      words: inWords(event, decision),
      sends: decision.outcome === 'planned',
    }));
    for (const { route, words, sends } of routes) if (!sends) print(`  ${route} received nothing: ${words}`);
    stream.send('decision', { event: event.name, routes });
  }
}

function inWords(event: EventTrace, { outcome, reason, permit }: RouteTrace): string {
  if (outcome === 'planned')
    return permit.verdict === 'full' ? 'sent in full' : 'sent in the limited form, without identifiers';
  if (outcome === 'blocked') {
    const missing = signalsOf(permit.missing & ~event.signals);
    return missing.length === 0 ? 'blocked' : `blocked: ${missing.join(', ')} not granted`;
  }
  return `${outcome}: ${reason ?? ''}`;
}

function print(text: string): void {
  globalThis.process.stdout.write(`${text}\n`);
}
