/** Makes the text of the tag that is served: the same from a checkout and in the package. */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { nameOf } from '../src/consent/platform.ts';
import { PLATFORMS } from '../src/consent/platforms/index.ts';

const root = join(import.meta.dirname, '..');

/** Bytes, compressed as servers do. */
const TAG_LIMIT = 2048;

/**
 * What OneTrust writes at every page load, asked or not: that somebody chose is in `OptanonAlertBoxClosed` alone
 * (`consent.md` 1).
 */
const BEFORE_A_CHOICE: ReadonlySet<string> = new Set(['OptanonConsent', 'OTGPPConsent', 'OTAdditionalConsentString']);

/** A pattern of `name=value` for every cookie that may hold a choice. Exact enough for a look: the gateway reads them. */
function records(): string {
  const names = new Set(PLATFORMS.flatMap(({ cookies }) => cookies.map(nameOf)));
  const families = Map.groupBy(
    [...names].filter((name) => !BEFORE_A_CHOICE.has(name)),
    (name) => /^_*[^_-]+[_-]/.exec(name)?.[0] ?? name,
  );
  const parts = [...families.values()].flatMap((alike) => (alike.length < 3 ? alike : `${commonStart(alike)}*`));
  return `/^(?:${parts.toSorted().join('|').replaceAll('*', '.*')})=./`;
}

function commonStart(names: readonly string[]): string {
  return names.reduce((start, name) => {
    let same = 0;
    while (same < start.length && start[same] === name[same]) same++;
    return start.slice(0, same);
  });
}

/** The tag, minified. @throws where it has grown too large to be one */
export async function tagText(): Promise<string> {
  const bundle = await rolldown({
    cwd: root,
    input: 'tag/tag.ts',
    platform: 'browser',
    transform: { define: { RECORDS: records() }, target: 'es2022' },
  });
  const { output } = await bundle.generate({ format: 'iife', minify: true });
  await bundle.close();
  const text = output[0].code.replaceAll('/* @__PURE__ */ ', '').trim();
  const size = gzipSync(text).length;
  if (size > TAG_LIMIT) throw new Error(`the tag has ${size} bytes compressed; ${TAG_LIMIT} are the limit`);
  return text;
}
