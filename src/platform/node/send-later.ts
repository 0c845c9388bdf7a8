import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NodeSend, SendOptions } from './send.ts';

/**
 * `createSend`, loaded in the next turn of the event loop. Accepting does not need it, and it is a good part of what the
 * delivery thread loads: the gateway listens sooner. What is sent before it is there waits for it.
 */
export function sendLater(options: SendOptions): NodeSend {
  let send: NodeSend | undefined;
  const loading = nextTurn()
    .then(() => import('./send.ts'))
    .then(({ createSend }) => {
      send = createSend(options);
      return send;
    });
  return Object.assign(
    (...call: Parameters<NodeSend>) => (send === undefined ? loading.then((loaded) => loaded(...call)) : send(...call)),
    // Before it is there it has no connections.
    { close: () => send?.close() },
  );
}
