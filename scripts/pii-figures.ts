/**
 * Measures the detectors of `src/privacy` on made-up data and writes docs/pii-detectors.md.
 * Run: `node scripts/pii-figures.ts [samples for each row]`; the same seed gives the same figures.
 */
import { writeFileSync } from 'node:fs';
import { scrubCounted } from '../src/privacy/pii/scrub.ts';
import { KINDS } from '../src/privacy/pii/findings.ts';
import { HARMLESS, PERSONAL, random, type Random } from '../test/privacy/corpus.ts';

const SEED = 20_261_123;
const samples = Number(process.argv[2] ?? 1_000_000);

interface Figures {
  readonly hit: number;
  /** How often each tag was given. */
  readonly tags: ReadonlyMap<string, number>;
}

function measure(make: (next: Random) => string): Figures {
  const next = random(SEED);
  const tags = new Map<string, number>();
  let hit = 0;
  for (let i = 0; i < samples; i++) {
    const { found } = scrubCounted(make(next));
    let any = false;
    for (const kind of KINDS) {
      if (found[kind] === 0) continue;
      any = true;
      tags.set(kind, (tags.get(kind) ?? 0) + 1);
    }
    if (any) hit++;
  }
  return { hit, tags };
}

const percent = (count: number): string =>
  `${((100 * count) / samples).toFixed(count === 0 || count === samples ? 0 : 4)} %`;

function table(head: string, corpus: Readonly<Record<string, (next: Random) => string>>): string {
  const rows = Object.entries(corpus).map(([name, make]) => {
    const { hit, tags } = measure(make);
    const given = [...tags].sort((a, b) => b[1] - a[1]).map(([kind, count]) => `\`[${kind}]\` ${percent(count)}`);
    return `| ${name} | ${percent(hit)} | ${given.join(', ') || '-'} |`;
  });
  return [`| ${head} | redacted | as |`, '|---|---|---|', ...rows].join('\n');
}

const page = `# Personal data detectors: figures

Written by \`node scripts/pii-figures.ts ${samples}\` (seed ${SEED}, Node ${process.versions.node}). Each row: ${samples.toLocaleString('en')}
made-up values of one sort, alone in a text. The generators are in \`test/privacy/corpus.ts\`; they share no code with the detectors.

## Recall: personal data

The share of values that were redacted, with the tags they got. A number may get the tag of another kind of number, but it
is never left in the text. The missed tokens are random ones that look like words.

${table('kind', PERSONAL)}

## False alarms: harmless values

Ids, times and prices never pass the detectors (they are checked by type); these rows say what would happen to such
values inside free text, such as a search term or a custom parameter.

${table('values', HARMLESS)}

## What the detectors do not look for

Names and street addresses (only by the parameter's name), addresses with a blank between all letters or without a host (such as kari@localhost), a bare id that looks like any number or UUID,
numbers without separator or keyword where the rule asks for one (CPR, personnummer, kennitala, national phone numbers),
national ids of other countries that have no check sign of their own or the form of any number (of those without a word
before them only DNI and NIE, codice fiscale, the PAN of persons in India (not in a path), CURP, NIR, AHV, RUT, the Belgian and the Czech number are found, and the lines
of a passport),
and UUIDs, which name things more often than sessions. Copies of the visitor's own ids are found unchanged, in percent
sequences, entities and escapes, and the client id in base64 and hexadecimal as a whole; copies that are reversed, encrypted,
cut in pieces or hashed are not found (but a long random hash is redacted as a token).

Where the type or the name of a field says that it is the number of an article or an order (\`item_id\`, \`sku\`, \`ordrenr\`,
\`transaction_id\`), the false alarms above do not occur. In free text they do: there only the check digits tell a card or a
national id from another number, and a leak is worse than a lost number.
`;

writeFileSync(new URL('../docs/pii-detectors.md', import.meta.url), page);
