import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { natsServer, skipNats } from '../support/nats.ts';
import { temporary } from '../support/serve.ts';

// `portvakt demo --cluster`: what docs/cluster.md tells to try.

async function demo(env: NodeJS.ProcessEnv, args: readonly string[] = []) {
  const child = spawn(process.execPath, ['src/cli/main.ts', 'demo', '--cluster', ...args], { env });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

it.skipIf(skipNats)(
  'kills a gateway and a broker under traffic, and prints what was acknowledged, delivered, lost and sent twice',
  { timeout: 240_000 },
  async () => {
    if (natsServer === undefined) throw new Error('there is no nats-server; .ci/run installs it');
    const { code, out, err } = await demo(process.env);
    const figure = (what: string): number => Number(new RegExp(`^${what} +(\\d+)`, 'm').exec(out)?.[1]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/killed a gateway.*\nkilled broker n0/);
    expect(figure('acknowledged')).toBeGreaterThan(100);
    expect(figure('delivered')).toBe(figure('acknowledged') * 2);
    expect(figure('lost')).toBe(0);
    expect(figure('twice')).toBeLessThan(60);
  },
);

it('says how to get nats-server where there is none', async () => {
  const nowhere = { ...process.env, PATH: temporary(), HOME: temporary(), GOBIN: temporary() };
  const { code, err } = await demo(nowhere);
  expect([code, err]).toEqual([2, expect.stringContaining('go install github.com/nats-io/nats-server/v2@v2.15.3')]);
});

it('takes no other option, because none would mean anything', async () => {
  const { code, err } = await demo(process.env, ['--data', temporary()]);
  expect([code, err]).toEqual([2, expect.stringContaining('--data cannot be used with --cluster')]);
});
