import { describe } from 'vitest';
import { skipNats } from '../support/nats.ts';
import { describeEngine } from './contract.ts';
import { lateBroker, oneBroker, openNats } from './nats-world.ts';

// The engine of several gateways through the suite of all engines, with a broker that runs.

describe.skipIf(skipNats)('on NATS JetStream', () => {
  const { connected } = oneBroker();

  describeEngine('of several gateways', (policy, now) => openNats(connected(), { policy, now }), 10);

  // A gateway gets its own writes back later than their acknowledgement, on a busy machine much later.
  describeEngine(
    'of several gateways that hear late',
    (policy, now) => openNats({ ...connected(), broker: lateBroker(connected().broker, 15) }, { policy, now }),
    10,
  );
});
