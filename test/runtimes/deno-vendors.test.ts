import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { denoArgs, HOSTS, missing, ROOT } from './engines.ts';

// A gateway on Deno may connect to the names on its list and to nothing else. Other tests have a sink at an address,
// which says nothing about names.

const deno = HOSTS.find(({ name }) => name === 'deno')?.program;
const CERTIFICATE = join(ROOT, 'test/platform/fixtures/self-signed.crt');
const SCRIPT = join(ROOT, 'test/runtimes/reach-vendor.ts');

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const end of cleanUp.splice(0)) end();
});

/** A vendor at `localhost`; `requests` counts what was written to it, not the connections. */
async function vendor(): Promise<{ port: number; requests: () => number }> {
  let requests = 0;
  const key = readFileSync(CERTIFICATE.replace('.crt', '.key'));
  const server = createServer({ key, cert: readFileSync(CERTIFICATE) }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', () => {
      requests++;
      socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n');
    });
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  cleanUp.push(() => server.close());
  return { port: (server.address() as { port: number }).port, requests: () => requests };
}

async function reach(port: number, allowed: string, ...more: readonly string[]): Promise<string> {
  const args = [...denoArgs(ROOT, [], [allowed]), SCRIPT, String(port), CERTIFICATE, ...more];
  return (await promisify(execFile)(deno as string, args)).stdout.trim();
}

describe.skipIf(missing(deno, 'deno'))('vendors on Deno', { timeout: 30_000 }, () => {
  it('a vendor whose name is on the list of --allow-net is reached', async () => {
    const { port, requests } = await vendor();
    expect(await reach(port, 'localhost', 'public')).toBe('204');
    expect(requests()).toBe(1);
  });

  it('nothing is written to a name that leads to an address which is not public, whatever its first answer was', async () => {
    const { port, requests } = await vendor();
    expect(await reach(port, 'localhost')).toBe('AddressRefused');
    expect(requests()).toBe(0);
  });

  it('a name that is not on the list is not reached', async () => {
    const { port, requests } = await vendor();
    expect(await reach(port, 'www.google-analytics.com', 'public')).toBe('Failed');
    expect(requests()).toBe(0);
  });
});
