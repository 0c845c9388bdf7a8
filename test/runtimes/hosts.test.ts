import { describe, expect, it } from 'vitest';
import { startRecorder } from '../support/recorder.ts';
import { HOSTS, missing } from './engines.ts';
import { hostStart } from './runtime.ts';
import { walk } from './walk.ts';

// Bun and Deno run the gateway's own command as it is; Node walks beside them, so that the tests themselves are tested.

for (const host of HOSTS) {
  describe.skipIf(missing(host.program, host.name))(host.name, () => {
    walk(hostStart(host));

    it('stops in order when it is told to', async () => {
      const recorder = await startRecorder();
      const config = 'sites: [{ hosts: [shop.example.no], country: NO, consent: { cmp: [cookiebot] } }]';
      const gateway = await hostStart(host)({ config, sink: recorder.url });
      expect(await gateway.stop()).toBe(0);
      expect(gateway.log()).toContain('"msg":"stopped"');
      expect(gateway.log()).not.toContain('"level":"error"');
      await recorder.close();
    });
  });
}
