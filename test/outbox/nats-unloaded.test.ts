import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { clusterConfig, ROOT_KEY } from '../support/cluster.ts';
import { natsServer, skipNats, startBrokers } from '../support/nats.ts';
import { serve, temporary } from '../support/serve.ts';
import { configOf } from '../torture/support/world.ts';

// With an outbox in a file, brokers cost nothing: the library and the engine of several gateways are not loaded,
// because the dependency is optional. The second test shows that the search would find them.

const HOOK = `import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    if (/@nats-io|outbox\\/nats\\/|nats-runner/.test(found.url)) writeSync(2, 'LOADED ' + found.url + '\\n');
    return found;
  },
});
`;

/** What a gateway with this configuration has loaded of it when it listens, in all of its threads. */
async function loaded(config: string, sink?: string): Promise<readonly string[]> {
  const hook = join(temporary(), 'hook.mjs');
  writeFileSync(hook, HOOK);
  const env = { META_ACCESS_TOKEN: 'token', PORTVAKT_ROOT_KEY: ROOT_KEY };
  const gateway = await serve({ config, env, nodeArgs: ['--import', hook], ...(sink !== undefined && { sink }) });
  onTestFinished(() => void gateway.stop('SIGKILL'));
  return [...gateway.log().matchAll(/^LOADED (.*)$/gm)].map(([, url = '']) => url);
}

it('a gateway with a file loads nothing of NATS', { timeout: 60_000 }, async () => {
  expect(await loaded(configOf(['meta']))).toEqual([]);
});

it.skipIf(skipNats)('one with brokers does', { timeout: 120_000 }, async () => {
  if (natsServer === undefined) throw new Error('there is no nats-server; .ci/run installs it');
  const brokers = await startBrokers(1);
  onTestFinished(() => Promise.all(brokers.map((broker) => broker.kill())).then(() => undefined));
  const urls = await loaded(clusterConfig(brokers, ['meta']), 'http://127.0.0.1:9');
  for (const part of ['@nats-io/transport-node', '@nats-io/jetstream', 'nats-runner'])
    expect(
      urls.some((url) => url.includes(part)),
      part,
    ).toBe(true);
});
