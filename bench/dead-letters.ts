import { webHits } from './hits.ts';
import { queue, startGateway, startPeer } from './servers.ts';

/** Fills a data directory with dead letters: a vendor refuses `count` events for good. */
export async function fillDeadLetters(data: string, config: string, count: number): Promise<void> {
  const vendor = await startPeer('refuse');
  const gateway = await startGateway({ config, sink: vendor.url, data });
  try {
    const hits = webHits(count, { choice: 'granted' });
    const send = async (from: number): Promise<void> => {
      for (let i = from; i < hits.length; i += SENDERS) {
        const { method, path, headers, body } = hits[i] as (typeof hits)[number];
        await fetch(gateway.url + path, { method, headers, body });
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, (_, i) => send(i)));
    for (let i = 0; (await queue(gateway)).dead < count; i++) {
      if (i === 100) throw new Error('events do not become dead letters');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await gateway.stop();
    await vendor.stop();
  }
}

const SENDERS = 64;
