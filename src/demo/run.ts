import { readFileSync } from 'node:fs';
import { Live } from '../http/live.ts';
import { startGateway, type RunningGateway } from '../runtimes/node/process/serve.ts';
import { addPages, readPages, type ShownRoute } from './pages.ts';
import { requestInLines, startRecorder } from './recorder.ts';
import { showDecision, showReceived, welcome } from './terminal.ts';
import { decisionsOf } from './words.ts';

/** Where the demo listens and keeps its data. */
export interface DemoOptions {
  readonly configFile: string;
  /** `host:port`; the port is part of the page's origin, so it cannot be 0. */
  readonly listen: string;
  readonly admin: string;
  readonly data: string;
}

/** The port `config/demo.yaml` is written for. */
const WRITTEN_FOR = ':8080';

/** The demo: gateway, shop and recorder in one process. Resolves with the exit code when it has stopped. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const files = readPages();
  const stream = new Live();
  const routeOfHost = new Map<string, string>();
  let routes: ShownRoute[] = [];
  const recorder = await startRecorder((received) => {
    const route = routeOfHost.get(received.host);
    if (route === undefined) return;
    const request = requestInLines(received);
    stream.send('received', { route, request });
    print(showReceived(route, request));
  });
  const port = options.listen.slice(options.listen.lastIndexOf(':'));
  let gateway: RunningGateway;
  try {
    gateway = await startGateway({
      // The page's own address is an allowed origin wherever the demo listens.
      text: readFileSync(options.configFile, 'utf8').replaceAll(WRITTEN_FOR, port),
      file: options.configFile,
      listen: options.listen,
      admin: options.admin,
      data: options.data,
      sink: recorder.url,
      watcher: () => (trace) => {
        for (const decision of decisionsOf(trace)) {
          print(showDecision(decision));
          stream.send('decision', decision);
        }
      },
      extend: (app) => addPages(app, files, stream, () => routes),
      watchFile: false,
    });
  } catch (error) {
    recorder.close();
    throw error;
  }
  routes = gateway.routes().map(({ name, destination }) => ({ name, title: destination.title }));
  for (const { name, bound } of gateway.routes()) {
    // The exchange of a service account for a token carries no event.
    for (const host of bound.hosts) if (host !== 'oauth2.googleapis.com') routeOfHost.set(host, name);
  }
  // The hosts of the configuration: any other name for this machine would be refused.
  const host = options.listen.startsWith('127.0.0.1:') ? '127.0.0.1' : 'localhost';
  print(welcome(`http://${host}${port}/`, gateway.adminUrl));
  const code = await gateway.stopped;
  recorder.close();
  return code;
}

function print(text: string): void {
  globalThis.process.stdout.write(`${text}\n`);
}
