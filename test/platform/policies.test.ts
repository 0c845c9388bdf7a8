import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { sha256Hex } from '../../src/core/hash.ts';
import { yaml } from '../config/support.ts';
import { serve, type Served } from '../support/serve.ts';

// The decision log names policies by hash. The text of a policy must still be there when the configuration has changed.

let gateway: Served | undefined;
afterAll(async () => {
  await gateway?.stop();
});

const SECRET = 'k'.repeat(40);
const destinations = (days: string) =>
  yaml({
    destinations: '{ ga4: { measurement_id: G-TEST000001, api_secret: "${POLICY_TEST_SECRET}" } }',
    cookies: `{ analytics: ${days} }`,
  });

it('keeps the text of every policy that was in force, private and without secrets', async () => {
  const env = { POLICY_TEST_SECRET: SECRET };
  gateway = await serve({ config: destinations('7d'), sink: 'http://127.0.0.1:9', env });
  const folder = join(gateway.data, 'policies');
  const [first] = readdirSync(folder);
  expect(readdirSync(folder)).toHaveLength(1);
  writeFileSync(join(gateway.data, 'gateway.yaml'), destinations('6d'));
  gateway.child.kill('SIGHUP');
  await expect.poll(() => readdirSync(folder).length, { timeout: 20_000 }).toBe(2);
  const files = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
  for (const { name, text } of files) {
    expect(name).toBe(`${sha256Hex(text).slice(0, 16)}.json`);
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain('POLICY_TEST_SECRET');
    expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
  }
  expect(statSync(folder).mode & 0o077).toBe(0);
  const days = (name: string | undefined) => {
    const { sites } = JSON.parse(files.find((file) => file.name === name)?.text ?? '{}') as {
      sites: { cookies: { analytics: number } }[];
    };
    return (sites[0]?.cookies.analytics ?? 0) / 86_400_000;
  };
  expect(days(first)).toBe(7);
  expect(days(files.find(({ name }) => name !== first)?.name)).toBe(6);
});
