import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A vendor that refuses everything for good. `node refuse.ts` */
const server = createServer((incoming, outgoing) => {
  incoming.resume();
  outgoing.writeHead(400);
  outgoing.end();
});
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`));
