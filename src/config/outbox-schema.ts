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
    'Brokers to which the gateway connects; `tls://` if the network is not your own.',
  ),
  credentials: secret()
    .optional()
    .describe('Content of the `.creds` file of the user, if the brokers demand one: ${NAME} or file:/path.'),
  replicas: z
    .union([z.literal(1), z.literal(3), z.literal(5)])
    .default(3)
    .describe('How many brokers store each event. 1 is for tests, and is accepted with --sink only.'),
  parts: z
    .int()
    .min(1)
    .max(16)
    .default(3)
    .describe(
      'How many streams share the events. Each stream is delivered by one gateway, so there must be at least as many as gateways. The number cannot be changed later.',
    ),
  monitor: addresses(MONITOR, 'the address of a monitor port, e.g. `http://nats-0:8222`').describe(
    'Monitor port of every broker. The gateway reads there whether each write goes to the disk at once.',
  ),
});

/** Where accepted events wait. */
export const outboxSchema = z.union([nats, named]);

/** The brokers that several gateways share, as they are configured. */
export type NatsConfig = z.output<typeof nats>;
