import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { dropStuck, takes } from '../../src/runtimes/node/http/sockets.ts';
import { until } from '../support/metrics.ts';

const STUCK_MS = 300;
const LOOK_MS = 50;

let server: Server;
const clients: Socket[] = [];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  server.close();
  server.closeAllConnections();
});

/** A server that lets go of what is stuck; `/slow` is written to all the time, `/never` gets no answer. */
async function listening(): Promise<number> {
  server = createServer((incoming, outgoing) => {
    takes(incoming);
    if (incoming.url !== '/slow') return;
    const drip = setInterval(() => outgoing.write('.'), LOOK_MS);
    outgoing.once('close', () => clearInterval(drip));
  });
  dropStuck(server, STUCK_MS, LOOK_MS);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function client(port: number, request: string): { gone: () => boolean } {
  let gone = false;
  const socket = connect(port, '127.0.0.1', () => socket.write(request));
  socket.on('error', () => (gone = true)).on('close', () => (gone = true));
  socket.resume();
  clients.push(socket);
  return { gone: () => gone };
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;

it('lets go of a connection on which nothing moves while an answer is due, and of no other', async () => {
  const port = await listening();
  const [stuck, moving, silent] = [client(port, get('/never')), client(port, get('/slow')), client(port, '')];
  await until('the stuck one is gone', stuck.gone, 5_000);
  await pause(2 * STUCK_MS);
  expect(moving.gone()).toBe(false);
  // Nothing is due to it: how long it may be silent is for the limits on heads and on idle connections.
  expect(silent.gone()).toBe(false);
});
