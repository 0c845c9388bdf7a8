import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { successAnswer } from './vendors.ts';

/** One request as a vendor would have received it. */
export interface Received {
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Answers for the vendors on a loopback port and reports every request. Returns its address. */
export async function startRecorder(tell: (received: Received) => void): Promise<{ url: string; close: () => void }> {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const [, host = '', path = ''] = /^\/([^/]+)(.*)$/.exec(incoming.url ?? '') ?? [];
      const body = Buffer.concat(chunks).toString('utf8');
      const { status, body: answer } = successAnswer(host, path, body);
      outgoing.writeHead(status, answer === undefined ? {} : { 'content-type': 'application/json' });
      outgoing.end(answer);
      tell({ method: incoming.method ?? 'GET', host, target: path, headers: incoming.headers, body });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A request written so that a person can read it: one key a line, bodies indented. */
export function requestInLines({ method, host, target, body }: Received): string {
  const queryAt = target.indexOf('?');
  const path = queryAt === -1 ? target : target.slice(0, queryAt);
  const lines = [`${method} https://${host}${path}`];
  if (queryAt !== -1) {
    for (const [key, value] of new URLSearchParams(target.slice(queryAt + 1))) lines.push(`  ${key} = ${value}`);
  }
  if (body !== '') lines.push(showBody(body));
  return lines.join('\n');
}

function showBody(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
