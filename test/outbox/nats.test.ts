import { afterAll, beforeAll, describe } from 'vitest';
import { natsServer, skipNats, startBrokers, type RunningBroker } from '../support/nats.ts';
import { describeEngine } from './contract.ts';
import { brokerAt, lateBroker, openNats, type Connected } from './nats-world.ts';

// The engine of several gateways through the suite of all engines, with a broker that runs.

describe.skipIf(skipNats)('on NATS JetStream', () => {
  let brokers: readonly RunningBroker[] = [];
  let connected: Connected;
  beforeAll(async () => {
    if (natsServer === undefined) throw new Error('there is no nats-server; .ci/run installs it');
    brokers = await startBrokers(1);
    connected = await brokerAt(brokers[0]?.url ?? '');
  }, 120_000);
  afterAll(async () => {
    await connected?.connection.close();
    for (const broker of brokers) await broker.kill();
  });

  describeEngine('of several gateways', (policy, now) => openNats(connected, { policy, now }), 10);

  // What a gateway has written itself it hears of later than that it is written, on a busy machine much later.
  describeEngine(
    'of several gateways that hear late',
    (policy, now) => openNats({ ...connected, broker: lateBroker(connected.broker, 15) }, { policy, now }),
    10,
  );
});
