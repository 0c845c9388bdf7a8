import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { yaml } from './support.ts';

// The keys of several machines that share an outbox: docs/cluster.md has what they promise.

const NATS = '{ engine: nats, servers: [nats://a:4222], monitor: [http://a:8222] }';
const KEY = 'server: { root_key: "${ROOT}" }\n';
const read = (outbox: string, server = KEY) => {
  const loaded = loadConfig(`${server}${yaml({}, `delivery: { outbox: ${outbox} }`)}`, 'gateway.yaml');
  return 'config' in loaded ? loaded.config : loaded.findings.filter(({ kind }) => kind === 'error');
};

describe('delivery.outbox', () => {
  it('takes the brokers of several gateways: three replicas and three parts unless told', () => {
    expect(read(NATS)).toMatchObject({
      server: { root_key: { env: 'ROOT' } },
      delivery: {
        outbox: { engine: 'nats', servers: ['nats://a:4222'], monitor: ['http://a:8222'], replicas: 3, parts: 3 },
      },
    });
  });

  it('demands one key for all of them', () => {
    expect(read(NATS, '')).toMatchObject([{ message: expect.stringContaining('need the same key') }]);
  });

  it.each([
    [
      'no monitor, where alone it can be seen what a broker does with a write',
      '{ engine: nats, servers: [nats://a:4222] }',
    ],
    ['a broker without a scheme', NATS.replace('nats://a:4222', '"a:4222"')],
    ['a number of replicas that has no majority of its own', NATS.replace('}', ', replicas: 2 }')],
    ['no parts', NATS.replace('}', ', parts: 0 }')],
    ['a pasted credential', NATS.replace('}', ', credentials: SUAB }')],
  ])('refuses %s', (_, outbox) => {
    expect(read(outbox)).toMatchObject([{ kind: 'error' }]);
  });
});
