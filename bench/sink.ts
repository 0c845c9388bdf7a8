import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { successAnswer } from '../src/demo/vendors.ts';

/**
 * Plays the vendors and counts: `GET /count` says how many requests and bytes have come. Bodies are read and dropped.
 * A request names its vendor at the start of its path (`--sink`) or, where everything is sent here, in its `Host`.
 * `node sink.ts`
 */
let requests = 0;
let bytes = 0;
const server = createServer((incoming, outgoing) => {
  const target = incoming.url ?? '/';
  if (target === '/count') {
    outgoing.end(JSON.stringify({ requests, bytes }));
    return;
  }
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    requests++;
    const body = chunks.length === 0 ? '' : Buffer.concat(chunks).toString('utf8');
    bytes += target.length + body.length;
    const { host = '' } = incoming.headers;
    const slash = host.startsWith('127.0.0.1') ? target.indexOf('/', 1) : 0;
    const vendor = slash === 0 ? host : target.slice(1, slash);
    const { status, body: answer } = successAnswer(vendor, target.slice(slash), body);
    outgoing.writeHead(status, answer === undefined ? {} : { 'content-type': 'application/json' });
    outgoing.end(answer);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`));
