import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * walkerOS's collector in a handler of its own: it makes an event of each hit and gives it to one destination, which sends
 * it on with `fetch`. Nothing is stored: the answer does not wait for the vendor. The collector is not among the
 * dependencies of the project: `npm ci --prefix bench/peers --ignore-scripts`. `node walkeros.ts <sink>`
 */
interface Collected {
  readonly id: string;
  readonly data: Readonly<Record<string, string>>;
}
interface Walker {
  readonly startFlow: (config: object) => Promise<{ readonly elb: (event: object) => Promise<unknown> }>;
}

const [sink] = process.argv.slice(2);
const PACKAGE = '@walkeros/collector';
const { startFlow } = (await import(PACKAGE)) as Walker;

const vendor = {
  type: 'vendor',
  config: {},
  push: async ({ id, data }: Collected): Promise<void> => {
    const query = new URLSearchParams({ ...data, _eid: id }).toString();
    const answer = await fetch(`${sink}/www.google-analytics.com/g/collect?${query}`, { method: 'POST' });
    await answer.arrayBuffer();
  },
};
const consent = { analytics: true, marketing: true };
const { elb } = await startFlow({
  run: true,
  consent,
  destinations: { vendor: { code: vendor, config: { consent: { analytics: true } } } },
});

const server = createServer((incoming, outgoing) => {
  const { searchParams } = new URL(incoming.url ?? '/', 'http://localhost');
  incoming.resume();
  incoming.on('end', () => {
    const data = Object.fromEntries(searchParams);
    elb({ name: 'page view', data, user: { device: data['cid'] ?? '' }, consent }).catch(() => undefined);
    outgoing.writeHead(204).end();
  });
});
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`));
