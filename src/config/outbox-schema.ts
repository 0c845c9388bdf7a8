import * as z from 'zod';
import { secret } from '../core/secret-schema.ts';

/**
 * Stores that people ask for and that do not exist here. They are refused, because an accepted name must do what it
 * says.
 */
const OTHER_ENGINES: Readonly<Record<string, string>> = {
  queues: 'Cloudflare Queues cannot keep the promise that a withdrawal stops what waits, so there is no such store',
  nats: 'the brokers have to be named: `outbox: { engine: nats, servers: [...], monitor: [...] }`',
};

const named = z
  .string({ error: 'expected `sqlite`, or a section with `engine: nats`' })
  .superRefine((name, context) => {
    if (name === 'sqlite') return;
    const why = Object.hasOwn(OTHER_ENGINES, name) ? `\`${name}\`: ${OTHER_ENGINES[name]}; ` : '';
    context.addIssue({ code: 'custom', message: `${why}expected \`sqlite\``, params: { instead: 'sqlite' } });
  })
  .meta({ enum: ['sqlite'] })
  .transform(() => 'sqlite' as const);

/** A broker's address, and that of its monitor. */
export const SERVER = /^(nats|tls):\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/;
const MONITOR = /^https?:\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?$/;

function addresses(pattern: RegExp, expected: string) {
  return z.array(z.string({ error: `expected ${expected}` }).regex(pattern, `expected ${expected}`)).min(1);
}

const nats = z.strictObject({
  engine: z.literal('nats').describe('`nats`: several gateways share the brokers of a NATS JetStream cluster.'),
  servers: addresses(SERVER, 'the address of a broker, e.g. `tls://nats-0:4222`').describe(
    'Brokers that the gateway connects to; `tls://` where the network is not your own.',
  ),
  credentials: secret()
    .optional()
    .describe('What is in the `.creds` file of the user, where the brokers demand one: ${NAME} or file:/path.'),
  replicas: z
    .union([z.literal(1), z.literal(3), z.literal(5)])
    .default(3)
    .describe('Brokers that keep each event. 1 is for trying it, and is taken with --sink only.'),
  parts: z
    .int()
    .min(1)
    .max(16)
    .default(3)
    .describe(
      'Streams that the events are divided among, each delivered by one gateway: at least as many as there are gateways. It stays as it was first chosen.',
    ),
  monitor: addresses(MONITOR, 'the address of a monitor port, e.g. `http://nats-0:8222`').describe(
    'Monitor port of every broker: there the gateway sees whether each write goes to the disk at once.',
  ),
});

/** Where accepted events wait. */
export const outboxSchema = z.union([nats, named]);

/** The brokers that several gateways share, as they are configured. */
export type NatsConfig = z.output<typeof nats>;
