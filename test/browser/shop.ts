import { createServer, request } from 'node:http';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

const require = createRequire(import.meta.url);

/** The text of a file of an npm package: the banners and the GA4 client are the published ones. */
export function packageFile(name: string): string {
  return readFileSync(require.resolve(name), 'utf8');
}

export const GA4_CLIENT = packageFile('@minimal-analytics/ga4/dist/index.js');

/**
 * A site's own web server: pages, and the gateway under `/g/` and `/v1/` on the same host, as the design would have it
 * mounted, or both below `/sgtm`.
 */
export interface Shop {
  /** Without a host name: `http://<host>:<port>` works for every host that leads to this machine. */
  readonly port: number;
  /** Where the gateway is. */
  connect(gateway: string): void;
  /** Targets that were not the gateway's, in the order they were asked for. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

const TYPES: readonly (readonly [ending: string, type: string])[] = [
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
];

/** A page, and headers of its own. */
export type ShopPage = string | { readonly body: string; readonly headers: Readonly<Record<string, string>> };

/** Serves `pages` (path to text; HTML unless the path says otherwise) on a free port. */
export async function startShop(pages: Readonly<Record<string, ShopPage>>): Promise<Shop> {
  let gateway: URL | undefined;
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const target = incoming.url ?? '/';
    if (gateway !== undefined && /^(?:\/sgtm)?\/(?:g|v1)\//.test(target)) {
      const { hostname, port } = gateway;
      const { method, headers } = incoming;
      const passed = request({ hostname, port, path: target, method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(outgoing);
      });
      passed.on('error', () => outgoing.destroy());
      incoming.pipe(passed);
      return;
    }
    const path = target.split('?', 1)[0] ?? '/';
    const found = pages[path];
    const { body, headers } = typeof found === 'object' ? found : { body: found, headers: {} };
    asked.push(target);
    const type = TYPES.find(([ending]) => path.endsWith(ending))?.[1] ?? 'text/html; charset=utf-8';
    outgoing.writeHead(body === undefined ? 404 : 200, { 'content-type': type, ...headers });
    outgoing.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    connect: (url) => {
      gateway = new URL(url);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
