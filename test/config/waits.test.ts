import { expect, it } from 'vitest';
import { compileGateway } from '../../src/config/compile/index.ts';
import { NO_SECRETS } from '../../src/config/compile/secrets.ts';
import { lint } from '../../src/config/lint/index.ts';
import { configPage } from '../../src/config/pages/docs.ts';
import type { Config } from '../../src/config/schema.ts';
import { courier } from '../fixtures/courier/index.ts';
import { load, NOW, yaml } from './support.ts';

/** A configuration with a route to a vendor whose events wait before they are sent. */
function waiting(minutes: number, maxAge: string): Config {
  const { config } = load(yaml({}, `delivery: { max_age: ${maxAge} }\n`));
  const settings = courier.settings.parse({
    host: 'crm.example.com',
    signing_secret: '${S}',
    wait_minutes: minutes,
  });
  for (const site of config.sites) {
    const [[name, route] = []] = site.destinations;
    if (name === undefined || route === undefined) throw new Error('no route');
    (site as { destinations: Config['sites'][number]['destinations'] }).destinations = new Map([
      ['crm', { ...route, destination: courier, settings }],
    ]);
  }
  return config;
}

const refusals = (config: Config) =>
  lint(config, NOW).filter(({ message }) => message.includes('no event would ever be'));

it('a wait of as long as an event lives, or longer, is refused at its route', () => {
  expect(refusals(waiting(59, '1h'))).toEqual([]);
  const found = refusals(waiting(60, '1h'));
  expect(found).toMatchObject([{ kind: 'error', path: ['sites', 0, 'destinations', 'crm'] }]);
  expect(found[0]?.message).toContain('wait at least 1 hour before');
  // The vendor's own limit, seven days, holds where the configuration allows more.
  expect(refusals(waiting(7 * 24 * 60, '30d'))).toHaveLength(1);
});

it('the page for the privacy officer says how long an event waits', () => {
  const page = (minutes: number) => {
    const config = waiting(minutes, '72h');
    return configPage(config, compileGateway(config, NO_SECRETS));
  };
  expect(page(360)).toContain('waits 6 hours in the outbox before it is sent');
  expect(page(0)).not.toContain('in the outbox before it is sent');
});
