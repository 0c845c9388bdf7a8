import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { startRecorder, type Recorder } from '../support/recorder.ts';
import { serve, temporary } from '../support/serve.ts';

// The profile of config/presets, in a process of its own: the traces that its windows leave (R4).

const config = readFileSync(new URL('../../config/presets/cnil-proxy.yaml', import.meta.url), 'utf8');
const GA4 = 'region1.google-analytics.com';
const CID = `482310557.${Math.floor(Date.now() / 1000) - 3600}`;

let vendors: Recorder;
beforeAll(async () => {
  vendors = await startRecorder();
});
afterAll(() => vendors.close());

async function visit(url: string, page: string): Promise<URLSearchParams> {
  const before = vendors.to(GA4).length;
  const query = new URLSearchParams({
    v: '2',
    tid: 'G-TEST000001',
    cid: CID,
    sid: '1795169000',
    en: 'page_view',
    dl: `https://www.example.com/${page}?utm_source=x`,
  });
  const answer = await ask(url, {
    method: 'GET',
    path: `/g/collect?${query}`,
    headers: {
      host: 'mesure.example.com',
      origin: 'https://www.example.com',
      cookie: cookiebot({ statistics: true }, Date.now() - 60_000),
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    },
  });
  expect(answer.status).toBe(204);
  const requests = await vendors.waitFor(before + 1, { host: GA4 });
  const { query: sent, headers } = requests.at(-1) as Recorder['requests'][number];
  expect(headers['user-agent']).not.toContain('Firefox');
  return new URLSearchParams(sent);
}

/** Everything in the data directory, the root key too. */
function kept(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

describe('served', () => {
  it('one id while the process lives, another one after it, though configuration and root key are the same', async () => {
    const data = temporary();
    const first = await serve({ config, sink: vendors.url, data });
    const one = await visit(first.url, 'a');
    const two = await visit(first.url, 'b');
    expect(one.get('cid')).toMatch(/^\d{1,7}\.\d{10}$/);
    expect(two.get('cid')).toBe(one.get('cid'));
    expect(one.get('dl')).toBe('https://www.example.com/a');
    expect(await first.stop()).toBe(0);
    // The id that came is not on the disk, and nothing from which the other one could be computed.
    expect(kept(data)).not.toContain(CID);
    expect(first.log()).not.toContain(CID);

    const second = await serve({ config, sink: vendors.url, data });
    const three = await visit(second.url, 'a');
    expect(three.get('cid')).not.toBe(one.get('cid'));
    expect(await second.stop()).toBe(0);
  });
});
