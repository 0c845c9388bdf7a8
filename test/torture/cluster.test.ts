import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsServer, skipNats } from '../support/nats.ts';
import { cutOff, filled } from './cluster-apart.ts';
import { hung, killed, readable, repeated, rolled, startWorld, stopWorld, withdrawn, type World } from './cluster.ts';

// The short forms; `npm run torture -- cluster` runs the full ones.

describe.skipIf(skipNats)('two gateways', { timeout: 300_000 }, () => {
  it('send nothing that was withdrawn while one of them was cut off', async () => {
    const { problems, figures } = await cutOff(20);
    expect(problems).toEqual([]);
    expect(figures['held']).toBeGreaterThan(0);
  });

  it('answer 503 when there is no room, drop nothing, and take events again', async () => {
    const { problems, figures } = await filled();
    expect(problems).toEqual([]);
    expect(figures['taken']).toBeGreaterThan(10);
  });
});

describe.skipIf(skipNats)('three brokers and three gateways', { timeout: 300_000 }, () => {
  let world: World;
  beforeAll(async () => {
    if (natsServer === undefined) throw new Error('there is no nats-server; .ci/run installs it');
    world = await startWorld({ full: false, say: () => {} });
  }, 180_000);
  afterAll(async () => {
    if (world !== undefined) await stopWorld(world);
  });

  it('lose nothing when a gateway with its disk, and a broker, are killed', async () => {
    const { problems, tally } = await killed(world);
    expect(problems).toEqual([]);
    expect(tally.acknowledged.size).toBeGreaterThan(100);
  });

  it('lose nothing, and repeat little, when all six are restarted one by one', async () => {
    const { problems, tally } = await rolled(world);
    expect(problems).toEqual([]);
    expect(tally.acknowledged.size).toBeGreaterThan(200);
  });

  it('acknowledge nothing without a majority of the brokers, and go on when it is back', async () => {
    expect((await hung(world)).problems).toEqual([]);
  });

  it('send nothing of a visitor whose withdrawal another gateway has answered', async () => {
    expect((await withdrawn(world)).problems).toEqual([]);
  });

  it('deliver an order once that reaches all of them, before and after all brokers are restarted', async () => {
    expect((await repeated(world)).problems).toEqual([]);
  });

  it('leave nothing that can be read in the files of the brokers', () => {
    expect(readable(world, ['visitor', 'n70000', 'GA1.1', 'purchase', 'Cybot'])).toEqual([]);
    // What is in no event can be found: the search looks into the right files.
    expect(readable(world, ['PORTVAKT']).length).toBeGreaterThan(0);
  });
});
