import type { EnginePorts } from '../../../delivery/drain.ts';
import type { Store } from '../../../delivery/store.ts';

/** The parts of Node that the engine needs: clocks, random numbers and timers. The runner has the rest. */
export function enginePorts(of: {
  readonly store: Store;
  readonly sending: Pick<EnginePorts, 'send' | 'secrets' | 'log' | 'ended'>;
  /** Every known withdrawal is carried out: asked when a request has its connection. */
  readonly maySend: () => boolean;
  readonly soon: EnginePorts['soon'];
}): EnginePorts {
  const { store, sending, maySend, soon } = of;
  return {
    ...sending,
    send: (request, hosts, may) => sending.send(request, hosts, () => may?.() !== false && maySend()),
    store,
    now: Date.now,
    tick: () => performance.now(),
    random: Math.random,
    after: (ms, call) => {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
    soon,
  };
}
