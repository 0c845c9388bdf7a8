/**
 * The demo shop on Cloudflare's engine, on this machine: builds `config/demo.yaml` for Workers and runs the worker under
 * workerd. In front of it stands the shop, as a site stands in front of its worker's routes; the vendors are played by a
 * recorder. `node scripts/workers-demo.ts [port]`, by default 8080; Ctrl-C ends it.
 */
import { readFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { readPages } from '../src/demo/pages.ts';
import { requestInLines, startRecorder } from '../src/demo/recorder.ts';
import { workerdStart } from '../test/runtimes/workerd.ts';

/** A shop that can be clicked through. */
export interface WorkersDemo {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts it; `tell` is called with every request that a vendor would have received. */
export async function startWorkersDemo(port: number, tell: (request: string) => void): Promise<WorkersDemo> {
  const pages = new Map(readPages().map(({ path, ...page }) => [path, page]));
  const recorder = await startRecorder((received) => tell(requestInLines(received)));
  const text = readFileSync(new URL('../config/demo.yaml', import.meta.url), 'utf8').replaceAll(':8080', `:${port}`);
  const worker = await workerdStart({ config: text, sink: recorder.url });
  const server = createServer((incoming, outgoing) => {
    const { pathname } = new URL(incoming.url ?? '/', worker.url);
    const page = pages.get(pathname);
    if (page !== undefined) outgoing.writeHead(200, { 'content-type': page.type }).end(page.body);
    else if (pathname === '/demo/routes') outgoing.writeHead(200, { 'content-type': 'application/json' }).end('[]');
    // The window on the vendors is the terminal here.
    else if (pathname.startsWith('/demo/') || pathname === '/favicon.ico') outgoing.writeHead(204).end();
    else pass(incoming, outgoing, worker.url);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${port}/`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await worker.stop();
      recorder.close();
    },
  };
}

/** To the worker, as it came. */
function pass(incoming: IncomingMessage, outgoing: ServerResponse, to: string): void {
  const { hostname, port } = new URL(to);
  const { url: path, method, headers } = incoming;
  const forward = request({ hostname, port, path, method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  forward.on('error', () => outgoing.destroy());
  incoming.pipe(forward);
}

if (import.meta.main) {
  const demo = await startWorkersDemo(Number(process.argv[2] ?? 8080), (text) => console.log(`\n${text}`));
  console.log(
    `\nThe shop, with the worker under workerd: ${demo.url}\nWhat each vendor receives is shown here. Ctrl-C ends it.`,
  );
  process.once('SIGINT', () => void demo.stop().then(() => process.exit(0)));
}
