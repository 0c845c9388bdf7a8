import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the ports that Linux, macOS and Windows give to connections that go out (from 32768, 49152 and 49152): one of those
// that is free now can be taken by any connection a moment later, and then nothing can listen on it.
// And above 10080, the last port below them that browsers and `fetch` refuse (https://fetch.spec.whatwg.org/#port-blocking).
const FIRST = 10_100;
const END = 32_000;

/** So many different ports of loopback on which nothing listens. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = FIRST + Math.floor(Math.random() * (END - FIRST));
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

/** One such port. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** Whether a program could listen on a port of loopback now. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
