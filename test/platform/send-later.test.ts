import { describe, expect, it } from 'vitest';
import { sendLater } from '../../src/platform/node/send-later.ts';
import { startRecorder } from '../support/recorder.ts';

const HOSTS = ['vendor.example.com'];
const request = (path: string) => ({ method: 'GET' as const, url: `https://vendor.example.com/${path}`, headers: {} });

describe('what sends is loaded later', () => {
  it('sends what came before it was there, and what comes after', async () => {
    const recorder = await startRecorder();
    const send = sendLater({ sink: recorder.url, version: '1.2.3' });
    try {
      const early = [send(request('first'), HOSTS), send(request('second'), HOSTS)];
      for (const { status } of await Promise.all(early)) expect(status).toBe(204);
      await send(request('third'), HOSTS);
      const sent = recorder.requests.map(({ host, path }) => `${host}${path}`).toSorted();
      expect(sent).toEqual(['first', 'second', 'third'].map((path) => `vendor.example.com/${path}`));
    } finally {
      send.close();
      await recorder.close();
    }
  });

  it('refuses what it must not send, early and late', async () => {
    const recorder = await startRecorder();
    const send = sendLater({ sink: recorder.url, version: '1.2.3' });
    try {
      await expect(send(request('x'), ['other.example.com'])).rejects.toThrow(
        'a host the destination does not declare',
      );
      await expect(send(request('x'), ['other.example.com'])).rejects.toThrow(
        'a host the destination does not declare',
      );
      expect(recorder.requests).toEqual([]);
    } finally {
      send.close();
      await recorder.close();
    }
  });
});
