import { expect } from 'vitest';
import { ask } from '../support/ask.ts';
import { cookiebot } from '../support/hits.ts';
import { until } from '../support/metrics.ts';
import { startRecorder } from '../support/recorder.ts';
import { serve, temporary, type Served } from '../support/serve.ts';

/** What a file of deploy/ starts: `serve` and its words, its environment, and the text at the place of its configuration. */
export interface Form {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly config: string;
  /** Flags of Node. */
  readonly node?: readonly string[];
}

/** Where every form has its configuration, and where it keeps its data. */
export const CONFIG_AT = '/etc/portvakt/gateway.yaml';
export const ADMIN_TOKEN = '0123456789abcdef0123456789abcdef';

/**
 * Starts a form as it is written, with this machine's ports and folders in place of its own, and every request to a
 * vendor sent to a recorder: a hit with consent must arrive there. `look` sees it running.
 */
export async function tryForm(form: Form, data: string, look?: (gateway: Served) => Promise<void>): Promise<void> {
  const [command, config, ...options] = form.args;
  expect([command, config]).toEqual(['serve', CONFIG_AT]);
  const folder = temporary();
  // `--name=value` and `--name value` alike.
  const words = options.flatMap((word) => word.split('='));
  expect(words).toContain(data);
  const moved = words.map((word) => (word === data ? folder : word.replace(/:\d+$/, ':0')));
  const recorder = await startRecorder();
  const gateway = await serve({
    config: form.config,
    data: folder,
    sink: recorder.url,
    env: form.env,
    args: [...moved, '--allow-sink'],
    nodeArgs: form.node ?? [],
  });
  try {
    const ready = async (): Promise<boolean> => (await statusOf(gateway, 'http', '/readyz')) === 200;
    await until('it can store events', ready, 120_000);
    const seconds = Math.floor(Date.now() / 1000) - 60;
    const hit = await ask(gateway.url, {
      path: `/g/collect?v=2&tid=G-TEST000001&cid=482310557.${seconds}&_p=1&en=page_view&dl=https%3A%2F%2Fshop.example.no%2F`,
      headers: {
        host: 'shop.example.no',
        origin: 'https://shop.example.no',
        cookie: cookiebot({ statistics: true }, seconds * 1000),
      },
    });
    expect(hit.status).toBe(204);
    await recorder.waitFor(1, { ms: 60_000 });
    await look?.(gateway);
  } finally {
    await gateway.stop();
    await recorder.close();
  }
}

/** The status of a path of the listener that a port of the form leads to. */
export async function statusOf(gateway: Served, port: 'http' | 'admin', path: string): Promise<number> {
  const url = port === 'http' ? gateway.url : gateway.adminUrl;
  const headers = port === 'http' ? {} : { authorization: `Bearer ${ADMIN_TOKEN}` };
  return (await ask(url, { method: 'GET', path, headers })).status;
}
