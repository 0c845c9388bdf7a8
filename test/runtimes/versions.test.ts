import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Plugin } from 'rolldown';
import { buildWorker } from '../../scripts/worker.ts';
import { ask, type Ask } from '../support/ask.ts';
import { until } from '../support/metrics.ts';
import { temporary } from '../support/serve.ts';
import { startSink, type Sink } from '../torture/support/sink.ts';
import { configOf, eventId, purchases, withdrawal } from '../torture/support/world.ts';
import { miniflareFolder, missing } from './engines.ts';
import type { Running } from './runtime.ts';
import { built, startBuilt } from './workerd.ts';

// During a gradual deployment the worker may have one version and the object another. The object may also change its
// version, up and down, with its stored events.

/** Both versions in one worker: the object is of one, and each request says which one it comes to. */
const entry = (object: 'now' | 'next'): string => `
import now from './now/worker.js';
import next from './next/worker.js';
export { OutboxObject, Sender } from './${object}/worker.js';
export default {
  fetch: (request, env, context) =>
    (request.headers.get('x-version') === 'next' ? next : now).fetch(request, env, context),
};
`;
const MODULES = ['entry.js', 'now/worker.js', 'now/config.js', 'next/worker.js', 'next/config.js'];

/** What a later version may have that this one has not. */
interface Later {
  /** A constant of the sources, and its value then. */
  readonly file: RegExp;
  readonly constant: string;
}
const RPC: Later = { file: /\/workers\/rpc\.ts$/, constant: 'RPC' };
const FORM: Later = { file: /\/outbox\/object\/sql\.ts$/, constant: 'FORM' };

const later = ({ file, constant }: Later): Plugin => ({
  name: 'later',
  transform(code, id) {
    if (!file.test(id)) return null;
    const raised = code.replace(new RegExp(`(const ${constant} = )\\d+`), '$19');
    expect(raised).not.toBe(code);
    return raised;
  },
});

describe.skipIf(missing(miniflareFolder, 'workerd'))('two versions of the worker', () => {
  let sink: Sink;
  let running: Running[];
  beforeEach(async () => {
    sink = await startSink();
    running = [];
  });
  afterEach(async () => {
    for (const gateway of running) await gateway.stop();
    await sink.close();
  });

  const next = (one: Ask): Ask => ({ ...one, headers: { ...one.headers, 'x-version': 'next' } });
  const sent = (n: number): boolean => sink.accepted('ga4').has(eventId(n)) && sink.accepted('meta').has(eventId(n));
  const start = async (dir: string, object: 'now' | 'next', data: string): Promise<Running> => {
    writeFileSync(join(dir, 'entry.js'), entry(object));
    const gateway = await startBuilt({ dir, sink: sink.url, data, modules: MODULES });
    running.push(gateway);
    return gateway;
  };

  describe('that call the object in different ways', () => {
    let dir: string;
    beforeAll(async () => void (dir = await both(RPC)));

    it.each(['now', 'next'] as const)('the object is %s: the other version asks again in a second', async (object) => {
      const gateway = await start(dir, object, temporary());
      const own = object === 'next' ? next : (one: Ask) => one;
      const other = object === 'next' ? (one: Ask) => one : next;
      const refused = await ask(gateway.url, other(purchases([1])));
      expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
      // A withdrawal has to be sent again, too, because it was not carried out.
      expect((await ask(gateway.url, other(withdrawal(1)))).status).toBe(503);
      expect((await ask(gateway.url, own(purchases([2])))).status).toBe(204);
      await until('what was taken is sent', () => sent(2));
      expect(sink.accepted('ga4').has(eventId(1))).toBe(false);
    });
  });

  it('that have different routes: what the object does not know is not taken, and a withdrawal is carried out', async () => {
    const dir = await both(undefined, configOf(['ga4', 'meta', 'linkedin']));
    const gateway = await start(dir, 'now', temporary());
    const hanging: (() => void)[] = [];
    sink.answer('meta', () => new Promise((resolve) => hanging.push(() => resolve({ status: 500 }))));
    expect((await ask(gateway.url, purchases([1]))).status).toBe(204);
    await until('it is under way', () => hanging.length > 0);
    const refused = await ask(gateway.url, next(purchases([2])));
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    await ask(gateway.url, next(withdrawal(1)));
    sink.answer('meta', undefined);
    for (const end of hanging.splice(0)) end();
    expect((await ask(gateway.url, purchases([3]))).status).toBe(204);
    await until('the other visitor is sent', () => sent(3), 60_000);
    expect([...sink.accepted('meta').keys()]).toEqual([eventId(3)]);
  }, 90_000);

  it('of which one has another form of the outbox: the earlier one leaves it alone, and nothing is lost', async () => {
    const dir = await both(FORM);
    const data = temporary();
    sink.answer('meta', () => ({ status: 503 }));
    const first = await start(dir, 'next', data);
    for (const n of [1, 2]) expect((await ask(first.url, next(purchases([n])))).status).toBe(204);
    await until('they wait', () => sink.requests('meta') > 0);
    await first.stop();

    const back = await start(dir, 'now', data);
    const asked = sink.requests('meta');
    const refused = await ask(back.url, purchases([3]));
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    // It cannot read whose the events are: what it did not do it may not confirm.
    expect((await ask(back.url, withdrawal(1))).status).toBe(503);
    expect(back.log()).toContain('a later version has written the outbox');
    expect(sink.requests('meta')).toBe(asked);
    await back.stop();

    sink.answer('meta', undefined);
    const again = await start(dir, 'next', data);
    expect((await ask(again.url, next(withdrawal(1)))).status).toBe(204);
    await until('what waited is sent', () => sink.accepted('meta').has(eventId(2)), 60_000);
    expect([...sink.accepted('meta').keys()]).toEqual([eventId(2)]);
    expect(sink.accepted('ga4').has(eventId(1))).toBe(true);
  }, 120_000);
});

/** This version, and beside it the one that differs in this, or that has another configuration. */
async function both(what: Later | undefined, config?: string): Promise<string> {
  const dir = await built(configOf(['ga4', 'meta']));
  for (const name of ['now', 'next']) mkdirSync(join(dir, name));
  for (const file of ['worker.js', 'config.js']) cpSync(join(dir, file), join(dir, 'now', file));
  if (what === undefined) cpSync(join(dir, 'worker.js'), join(dir, 'next', 'worker.js'));
  else await buildWorker(join(dir, 'next'), [later(what)]);
  const other = config === undefined ? dir : await built(config);
  cpSync(join(other, 'config.js'), join(dir, 'next', 'config.js'));
  return dir;
}
