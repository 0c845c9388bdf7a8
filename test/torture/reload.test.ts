import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { ask } from '../support/ask.ts';
import { until } from '../support/metrics.ts';
import type { Served } from '../support/serve.ts';
import { startGateway } from './support/gateway.ts';
import { startSink, type Sink } from './support/sink.ts';
import { configOf, eventId, purchases } from './support/world.ts';

const GOOD = configOf(['meta']);
const KEPT = 'the previous one stays in force';
const RELOADED = 'configuration reloaded';

let sink: Sink;
let gateway: Served;
beforeAll(async () => {
  sink = await startSink();
  gateway = await startGateway({ config: GOOD, sink: sink.url });
});
afterAll(async () => {
  await gateway.stop();
  await sink.close();
});

const file = () => join(gateway.data, 'gateway.yaml');
const count = (text: string) => gateway.log().split(text).length - 1;

/** Puts a configuration in place, says so by signal, and waits for the word about it. */
async function put(text: string, word: string): Promise<void> {
  const before = count(word);
  writeFileSync(file(), text);
  gateway.child.kill('SIGHUP');
  await until(`the log says "${word}" once more for:\n${text}`, () => count(word) > before);
}

async function delivers(n: number): Promise<boolean> {
  const { status } = await ask(gateway.url, purchases([n]));
  if (status !== 204) return false;
  await until(`event ${n} at the vendor`, () => sink.accepted('meta').has(eventId(n)));
  return true;
}

/** A hundred ways to break a configuration: cut short, unknown keys and values, contradictions, not YAML at all. */
function broken(): string[] {
  const lines = GOOD.trimEnd().split('\n');
  const texts: string[] = [];
  // Every line with its key mistyped.
  for (const [i, line] of lines.entries()) {
    if (!/^\s*(- )?\w+:/.test(line)) continue;
    texts.push(lines.with(i, line.replace(/(\w+):/, '$1x:')).join('\n'));
  }
  // Every scalar and every list with another type, or with nonsense.
  for (const [i, line] of lines.entries()) {
    const [, head] = /^(\s*(?:- )?\w+:) \S/.exec(line) ?? [];
    if (head === undefined) continue;
    for (const value of [
      '{ a: 1 }',
      '3.5e400',
      '[a, [b]]',
      '"',
      '> x',
      '',
      '[[]]',
      'true',
      '-1',
      '"\\u0000"',
      '&a [*a]',
      '!!binary x',
    ])
      texts.push(lines.with(i, `${head} ${value}`).join('\n'));
  }
  // Cut in the middle of what is needed.
  for (let i = 1; i < lines.length; i++) texts.push(lines.slice(0, i).join('\n'));
  texts.push(
    '',
    'null',
    '[]',
    '{',
    '\t',
    'sites',
    '%',
    '\u0000',
    'sites: []',
    `${GOOD}\nsites: []`,
    `${GOOD}\nmore: 1`,
  );
  texts.push(GOOD.replace('${META_ACCESS_TOKEN}', 'literal-secret'), GOOD.replace('meta:', 'facebook:'));
  // Some of that is a configuration after all, if a short one.
  return [...new Set(texts)].filter((text) => !('config' in loadConfig(text, 'gateway.yaml')));
}

it('keeps the configuration in force through a hundred bad ones, then takes a good one (R66)', async () => {
  const texts = broken();
  expect(texts.length).toBeGreaterThanOrEqual(100);
  expect(await delivers(9_000_001)).toBe(true);
  for (const text of texts) await put(text, KEPT);
  expect(count(RELOADED)).toBe(0);
  expect(await delivers(9_000_002)).toBe(true);
  // Not a word of a secret, even a misplaced one.
  expect(gateway.log()).not.toContain('literal-secret');

  await put(configOf(['meta', 'linkedin']), RELOADED);
  expect(await delivers(9_000_003)).toBe(true);
  await until('the new route delivers', () => sink.accepted('linkedin').has(eventId(9_000_003)));
});

it('notices by itself that the file has changed', async () => {
  const before = count(RELOADED);
  writeFileSync(file(), `${configOf(['meta', 'linkedin'])}\n# another comment\n`);
  await until('the file is read again', () => count(RELOADED) > before);
});
