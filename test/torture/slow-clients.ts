import { connect, type Socket } from 'node:net';
import { ask } from '../support/ask.ts';
import { startGateway } from './support/gateway.ts';
import { newTally, pause, percentile, startLoad } from './support/load.ts';
import { startSink } from './support/sink.ts';
import { compare, drained, unbalanced, wrongAnswers, type Form, type Summary } from './support/summary.ts';
import { configOf, purchases, type RouteName } from './support/world.ts';

const ROUTES: readonly RouteName[] = ['meta'];
/** Headers must be there after 10 s, the whole request after 15 s; the server looks every 2 s. */
const CLOSED_AFTER_MS = 22_000;

type Kind = 'headers' | 'body' | 'chunks' | 'silence';
const KINDS: readonly Kind[] = ['headers', 'body', 'chunks', 'silence'];

const HEAD =
  'POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://shop.example.no\r\nContent-Type: application/json\r\n';

/** Clients that send a byte now and then and never finish, beside normal ones (R60, C7). */
export async function slowClients({ full, say }: Form): Promise<Summary> {
  const started = performance.now();
  const count = full ? 5_000 : 400;
  const sink = await startSink();
  const gateway = await startGateway({ config: configOf(ROUTES), sink: sink.url });
  const { hostname, port } = new URL(gateway.url);
  const tally = newTally();
  const load = startLoad({ url: gateway.url, clients: 4, pauseMs: 20 }, tally);
  await pause(3_000);
  tally.latencies.length = 0;
  await pause(full ? 10_000 : 4_000);
  const before = tally.latencies.splice(0);

  const sockets = new Set<Socket>();
  const answers = new Map<string, number>();
  let opened = 0;
  for (let i = 0; i < count; i++) {
    const kind = KINDS[i % KINDS.length] as Kind;
    const socket = connect(Number(port), hostname);
    sockets.add(socket);
    socket.on('connect', () => opened++);
    socket.on('data', (data) => {
      const status = /^HTTP\/1\.1 (\d+)/.exec(data.toString('latin1'))?.[1] ?? 'other';
      answers.set(status, (answers.get(status) ?? 0) + 1);
    });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    if (kind === 'headers') socket.write('POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
    if (kind === 'body') socket.write(`${HEAD}Content-Length: 1000\r\n\r\n`);
    if (kind === 'chunks') socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    if (kind === 'silence') continue;
    const byte = kind === 'chunks' ? '1\r\n{\r\n' : 'x';
    const drip = setInterval(() => socket.write(byte), 1_000 + (i % 9) * 1_000);
    socket.on('close', () => clearInterval(drip));
    if (i % 500 === 499) await pause(50);
  }
  const opening = performance.now();
  const problems: string[] = [];
  while (sockets.size > 0 && performance.now() - opening < CLOSED_AFTER_MS) {
    await pause(500);
    if (full) say(`${sockets.size} of ${opened} slow clients still connected`);
  }
  const during = tally.latencies.splice(0);
  if (opened < count) problems.push(`only ${opened} of ${count} slow clients were let in`);
  if (sockets.size > 0) problems.push(`${sockets.size} slow clients are still connected after ${CLOSED_AFTER_MS} ms`);
  for (const socket of sockets) socket.destroy();
  for (const [status, n] of answers) if (status !== '408') problems.push(`${n} slow clients were answered ${status}`);
  const after = await ask(gateway.url, purchases([6_000_000]));
  if (after.status !== 204) problems.push(`afterwards an answer of ${after.status}`);
  await load.stop();
  const metrics = await drained(gateway, 30_000);
  const { missing, ...counts } = compare(tally.acknowledged, sink, ROUTES);
  problems.push(...wrongAnswers(tally), ...unbalanced(metrics, ROUTES));
  problems.push(...missing.map(({ route, n }) => `event ${n} never reached ${route}`));
  await gateway.stop();
  await sink.close();
  const [p99Before, p99During] = [percentile(before, 0.99), percentile(during, 0.99)];
  return {
    ...counts,
    otherwise: 0,
    seconds: (performance.now() - started) / 1000,
    figures: {
      'slow clients': opened,
      'answered 408': answers.get('408') ?? 0,
      'normal clients, p50 before / during': `${percentile(before, 0.5).toFixed(1)} / ${percentile(during, 0.5).toFixed(1)} ms`,
      'normal clients, p99 before / during': `${p99Before.toFixed(1)} / ${p99During.toFixed(1)} ms`,
    },
    problems,
  };
}
