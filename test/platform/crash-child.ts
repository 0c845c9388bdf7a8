import { startDelivery } from '../../src/runtimes/node/delivery/delivery.ts';
import { outboxRecord } from '../support/delivery.ts';

// Appends events without end and writes the number of each acknowledged one, until it is killed.
const [dir = '', sink = '', first = '0'] = process.argv.slice(2);
const delivery = await startDelivery({
  source: {
    module: new URL('./fixtures-gateway.ts', import.meta.url).href,
    input: { routes: [{ name: 'a', maxBatch: 50 }] },
  },
  dir,
  sink,
  version: '0',
  log: () => {},
});
let next = Number(first);
for (let client = 0; client < 32; client++) {
  void (async () => {
    for (;;) {
      const n = next++;
      await delivery.append([outboxRecord('a', `n${n}`, { subjects: [`s${n}`] })], []);
      process.stdout.write(`${n}\n`);
    }
  })();
}
