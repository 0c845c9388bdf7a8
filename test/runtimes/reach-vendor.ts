/**
 * Sends one request to a vendor that is played at `localhost`, as a gateway on this engine would, and prints what became
 * of it. Arguments: port, file of the certificate, then `public` if the address of the connection is to count as a public
 * one.
 */
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { vendorPool, type TestAuthority } from '../../src/runtimes/node/http/connections.ts';
import { roundTrip } from '../../src/runtimes/node/vendors/round-trip.ts';

const [port, certificate = '', address] = argv.slice(2);
/** The answer of a resolver that leads to a public address; the connection's own resolver says where the vendor is. */
const lookup: NonNullable<TestAuthority['lookup']> = (_, options, callback) =>
  options.all === true ? callback(null, [{ address: '93.184.216.34', family: 4 }]) : callback(null, '93.184.216.34', 4);
const ca = readFileSync(certificate, 'utf8');
const pool = vendorPool(
  'localhost',
  { timeoutMs: 5000 },
  { port: Number(port), ca, lookup, ...(address === 'public' ? { accepts: () => true } : {}) },
);
const went = await roundTrip(pool, { method: 'GET', path: '/' }, 5000).then(
  ({ status }) => String(status),
  (error: Error) => error.name,
);
console.log(went);
await pool.destroy();
