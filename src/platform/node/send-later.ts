import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Send } from '../../delivery/attempt.ts';
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
  const now: Send = (request, hosts) =>
    send === undefined ? loading.then((loaded) => loaded(request, hosts)) : send(request, hosts);
  // Before it is there it has no connections.
  return Object.assign(now, { close: () => send?.close() });
}
