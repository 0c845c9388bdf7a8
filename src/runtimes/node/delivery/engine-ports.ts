import type { EnginePorts } from '../../../delivery/drain.ts';
import type { Store } from '../../../delivery/store.ts';

/** What the engine needs of Node: clocks, chance and timers; the rest is the runner's. */
export function enginePorts(of: {
  readonly store: Store;
  readonly sending: Pick<EnginePorts, 'send' | 'secrets' | 'log' | 'ended'>;
  /** No withdrawal is known that is not carried out yet: asked when a request has its connection. */
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
