import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { denoArgs, HOSTS, missing, ROOT } from './engines.ts';

// Connections to vendors, on each engine that runs the gateway's command. Other tests have a sink on this machine,
// which needs no name, no certificate and no check of addresses.

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

describe.each(HOSTS)('vendors on $name', { timeout: 60_000 }, ({ name, program }) => {
  const skip = missing(program, name);
  /** @param allowed the names that Deno may connect to; the others have no such list */
  const reach = async (
    port: number,
    says: string,
    { trusted = CERTIFICATE, allowed = 'localhost', env = {} } = {},
  ): Promise<string> => {
    const before = name === 'deno' ? denoArgs(ROOT, ['NODE_TLS_REJECT_UNAUTHORIZED'], [allowed]) : [];
    const args = [...before, SCRIPT, String(port), trusted, says];
    const { stdout } = await promisify(execFile)(program as string, args, { env: { ...process.env, ...env } });
    return stdout.trim();
  };

  it.skipIf(skip)('a vendor is reached by its name', async () => {
    const { port, requests } = await vendor();
    expect(await reach(port, 'here')).toBe('204');
    expect(requests()).toBe(1);
  });

  it.skipIf(skip)('nothing is written to a name that leads to an address which is not public', async () => {
    const { port, requests } = await vendor();
    expect(await reach(port, 'itself')).toBe('AddressRefused EADDRREFUSED');
    expect(requests()).toBe(0);
  });

  it.skipIf(skip)('a certificate that nobody trusts is refused, whatever the environment says (R81)', async () => {
    const { port, requests } = await vendor();
    const refused = 'Failed DEPTH_ZERO_SELF_SIGNED_CERT';
    expect(await reach(port, 'here', { trusted: '-' })).toBe(refused);
    expect(await reach(port, 'here', { trusted: '-', env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } })).toBe(refused);
    expect(requests()).toBe(0);
  });

  // Deno looks a name up twice; the others connect to the address that was checked.
  it.skipIf(skip || name !== 'deno')(
    'nothing is written where the second answer of the resolver is another',
    async () => {
      const { port, requests } = await vendor();
      expect(await reach(port, 'elsewhere')).toBe('AddressRefused EADDRREFUSED');
      expect(requests()).toBe(0);
    },
  );

  it.skipIf(skip || name !== 'deno')('a name that is not on the list of --allow-net is not reached', async () => {
    const { port, requests } = await vendor();
    expect(await reach(port, 'here', { allowed: 'www.google-analytics.com' })).toMatch(/^Failed /);
    expect(requests()).toBe(0);
  });
});
