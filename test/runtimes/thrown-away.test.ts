import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { until } from '../support/metrics.ts';
import { temporary } from '../support/serve.ts';
import { startSink, type Sink } from '../torture/support/sink.ts';
import { configOf, eventId, purchases, withdrawal } from '../torture/support/world.ts';
import { miniflareFolder, missing } from './engines.ts';
import type { Running } from './runtime.ts';
import { built, startBuilt } from './workerd.ts';

// The platform may stop an object at any time: its memory is lost, and so is the work it had begun.

/** The deployed worker, with a path that throws the object of the site away. */
const ENTRY = `
import worker, { OutboxObject as Deployed, Sender } from './worker.js';
export { Sender };
export class OutboxObject extends Deployed {
  throwAway() {
    this.ctx.abort('thrown away');
  }
}
export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== '/throw-away') return worker.fetch(request, env, context);
    await env.OUTBOX.get(env.OUTBOX.idFromName('127.0.0.1')).throwAway().catch(() => {});
    return new Response('gone');
  },
};
`;

describe.skipIf(missing(miniflareFolder, 'workerd'))(
  'an object that is thrown away in the middle of a delivery',
  () => {
    let sink: Sink;
    let gateway: Running;
    /** Ends of requests that the vendor has and does not answer. */
    let hanging: (() => void)[];

    beforeEach(async () => {
      hanging = [];
      sink = await startSink();
      const dir = await built(configOf(['ga4', 'meta']));
      writeFileSync(join(dir, 'entry.js'), ENTRY);
      const modules = ['entry.js', 'worker.js', 'config.js'];
      gateway = await startBuilt({ dir, sink: sink.url, data: temporary(), modules });
    });
    afterEach(async () => {
      await gateway.stop();
      await sink.close();
    });

    const throwAway = async (): Promise<void> => {
      expect((await ask(gateway.url, { method: 'GET', path: '/throw-away' })).body).toBe('gone');
    };
    /** From now on requests to this vendor hang until they are let go; then it takes nothing of them. */
    const hang = (): void =>
      sink.answer('meta', () => new Promise((resolve) => hanging.push(() => resolve({ status: 500 }))));
    const letGo = (): void => {
      sink.answer('meta', undefined);
      for (const end of hanging.splice(0)) end();
    };

    it('loses nothing, and nobody but its alarm has to wake it', async () => {
      hang();
      for (let n = 1; n <= 8; n++) expect((await ask(gateway.url, purchases([n]))).status).toBe(204);
      await until('they are under way', () => hanging.length > 0 && sink.accepted('ga4').size === 8);
      await throwAway();
      letGo();
      // No request comes any more.
      await until('all are sent', () => sink.accepted('meta').size === 8, 60_000);
    }, 90_000);

    it('loses nothing of what comes while it is thrown away again and again', async () => {
      const taken = new Set<number>();
      for (let n = 1; n <= 40; n++) {
        const answers = [ask(gateway.url, purchases([n])), n % 5 === 1 ? throwAway() : undefined] as const;
        const { status } = (await answers[0]) ?? {};
        await answers[1];
        // An object that went away before it answered has promised nothing.
        expect([204, 503]).toContain(status);
        if (status === 204) taken.add(n);
      }
      expect(taken.size).toBeGreaterThan(30);
      const sent = (n: number): boolean =>
        sink.accepted('ga4').has(eventId(n)) && sink.accepted('meta').has(eventId(n));
      await until('all that were taken are sent', () => [...taken].every(sent), 60_000);
    }, 90_000);

    it('sends nothing of a visitor who withdrew while nobody delivered', async () => {
      hang();
      for (const n of [1, 2, 3]) expect((await ask(gateway.url, purchases([n], 1))).status).toBe(204);
      expect((await ask(gateway.url, purchases([4]))).status).toBe(204);
      await until('they are under way', () => hanging.length > 0);
      await throwAway();
      expect((await ask(gateway.url, withdrawal(1))).status).toBe(204);
      letGo();
      await until('the other visitor is sent', () => sink.accepted('meta').has(eventId(4)), 60_000);
      await throwAway();
      expect((await ask(gateway.url, purchases([5]))).status).toBe(204);
      await until('so is a later event', () => sink.accepted('meta').has(eventId(5)), 60_000);
      expect([...sink.accepted('meta').keys()].toSorted()).toEqual([eventId(4), eventId(5)]);
    }, 120_000);
  },
);
