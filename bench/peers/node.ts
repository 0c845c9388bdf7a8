import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Node's HTTP server with nothing in it: every request is answered 204. `node node.ts` */
const server = createServer((_, outgoing) => {
  outgoing.writeHead(204);
  outgoing.end();
});
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`));
