/**
 * Sends one request to a vendor that is played at `localhost`, as a gateway on this engine would, and prints the status
 * or the name and code of the error. Arguments: the port, the file of a certificate to trust or `-`, and what the
 * resolver says: `here`, where this machine counts as public; `elsewhere`, an address that is public, while the
 * connection's own resolver leads here; `itself`, nothing in place of it.
 */
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { vendorPool, type TestAuthority } from '../../src/runtimes/node/http/connections.ts';
import { roundTrip } from '../../src/runtimes/node/vendors/round-trip.ts';

const [port, certificate = '-', says] = argv.slice(2);
const saying = (address: string): NonNullable<TestAuthority['lookup']> => {
  return (_, options, callback) =>
    options.all === true ? callback(null, [{ address, family: 4 }]) : callback(null, address, 4);
};
const RESOLVERS: Readonly<Record<string, TestAuthority>> = {
  here: { lookup: saying('127.0.0.1'), accepts: () => true },
  elsewhere: { lookup: saying('93.184.216.34') },
  itself: {},
};
const ca = certificate === '-' ? {} : { ca: readFileSync(certificate, 'utf8') };
const pool = vendorPool('localhost', { timeoutMs: 5000 }, { port: Number(port), ...ca, ...RESOLVERS[says ?? ''] });
const went = await roundTrip(pool, { method: 'GET', path: '/' }, 5000).then(
  ({ status }) => String(status),
  ({ name, code }: Error & { code?: string }) => `${name} ${code}`,
);
console.log(went);
await pool.destroy();
