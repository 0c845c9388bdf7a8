import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { serve, temporary } from '../support/serve.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

const CONFIG = `
sites:
  - hosts: [shop.example.no]
    origins: [https://shop.example.no]
    country: NO
    consent: { cmp: [cookiebot] }
    destinations:
      ga4: { measurement_id: G-TEST000001 }
`;

const second = (data: string, ...more: string[]) =>
  spawnSync(
    process.execPath,
    [
      MAIN,
      'serve',
      join(data, 'gateway.yaml'),
      '--listen',
      '127.0.0.1:0',
      '--admin',
      '127.0.0.1:0',
      '--data',
      data,
      ...more,
    ],
    { encoding: 'utf8', timeout: 60_000 },
  );
const listed = (data: string) => spawnSync(process.execPath, [MAIN, 'outbox', 'list', '--data', data]).status;

it.each([
  ['one process', []],
  ['two processes', ['--processes', '2']],
])(
  'a second gateway on one data directory refuses to start, and one after it starts: %s',
  { timeout: 120_000 },
  async (_, args) => {
    const data = temporary();
    const first = await serve({ config: CONFIG, data, args });
    for (const more of [[], ['--processes', '2']]) {
      const { status, stderr } = second(data, ...more);
      expect(stderr).toContain(`another gateway runs on the data directory ${data} (process ${first.child.pid} on `);
      expect(status).toBe(2);
    }
    // What only looks does not need it.
    expect(listed(data)).toBe(0);
    await first.stop('SIGKILL');
    if (args.length > 0) await new Promise((resolve) => setTimeout(resolve, 6_000));
    const after = await serve({ config: CONFIG, data });
    expect(await after.stop()).toBe(0);
  },
);

it('a data directory that is a file refuses to start, and says what to do', { timeout: 90_000 }, () => {
  const folder = temporary();
  const config = join(folder, 'gateway.yaml');
  writeFileSync(config, CONFIG);
  const args = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--data', config];
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'serve', config, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(stderr).toContain(`cannot write the data directory ${config}: EEXIST; choose another with --data`);
  expect(status).toBe(2);
});
