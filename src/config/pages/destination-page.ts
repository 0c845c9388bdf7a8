import { titleOf } from '../../protocols/doors.ts';
import type { Destination, Example, Reads } from '../../core/destination.ts';
import type { FieldName } from '../../core/fields.ts';
import { FIELDS } from '../../policy/fields.ts';
import { wordsOf } from '../../core/reason.ts';
import { inputSchema, type JsonSchema } from './editor-schema.ts';
import { showRequest } from '../cases/explanation.ts';
import { codes, table } from './markdown.ts';
import { takesOf } from './takes.ts';
import { showDuration } from '../units.ts';

/**
 * The page about one destination, made from its module: what it reads under which consent, its settings, its examples.
 * @param notes what a person has written beside the module (`notes.md`), without its own title.
 */
export function destinationPage(destination: Destination, notes: string | undefined): string {
  const { title, name, docs, needs, tcfVendor, acProvider, limited } = destination;
  return [
    `# ${title}`,
    '',
    '<!-- Written by `npm run gen` from the module and notes.md beside it. -->',
    '',
    `Type \`${name}\`. Vendor documentation: <${docs}>.`,
    '',
    needs.length === 0
      ? 'An event is sent only if every signal that the route names in `needs` is granted.'
      : `An event is sent in full only if all of these are granted: ${codes(needs)}.`,
    ...(limited === undefined ? ['There is no form for visitors without consent: without it, nothing is sent.'] : []),
    hostsOf(destination),
    tcfVendor === undefined
      ? 'It is not on the IAB Global Vendor List, so a TCF string alone does not open it.'
      : `On the IAB Global Vendor List it is vendor ${tcfVendor}.`,
    ...(acProvider === undefined
      ? []
      : [
          `In Google's Additional Consent it is provider ${acProvider}: a string that discloses it and does not accept it closes the route.`,
        ]),
    '',
    ...(notes === undefined ? [] : [notes.trim(), '']),
    '## What it receives',
    '',
    'Nothing else of an event is ever read. "Prepared" means normalised and hashed, or built, before vendor code gets it.',
    '',
    ...readsTable(destination.reads, needs),
    '',
    ...(limited === undefined ? [] : limitedSection(limited)),
    '## Which events it takes',
    '',
    'Of those that consent allows; others end as `skipped` when they come (`docs/reasons.md`). With the settings of the examples below:',
    '',
    ...takesSection(destination),
    '',
    '## Settings',
    '',
    ...settingsTable(inputSchema(destination.settings)),
    '',
    '## Delivery',
    '',
    `An event older than ${showDuration(destination.maxAge)} ends as expired. ` +
      (destination.takesRepeats
        ? "The tag's repeats after ad consent are events of their own."
        : "The tag's repeats after ad consent count as the first.") +
      (destination.dedupesByEventId ? '' : " A tag's `event_id` tells no repeat here (docs/duplicates.md)."),
    '',
    '## Examples',
    '',
    ...destination.examples.flatMap(showExample),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

function hostsOf({ fixedHosts, settings, examples, bind }: Destination): string {
  if (fixedHosts !== undefined) return `Requests go to ${codes(fixedHosts)}.`;
  const shown = new Set(examples.flatMap((example) => bind(settings.parse(example.settings)).hosts));
  return `Where requests go follows from the settings; in the examples to ${codes([...shown])}.`;
}

/** What each form takes, bound to the settings of the first example of it. */
function takesSection({ examples, settings, bind }: Destination): readonly string[] {
  const boundBy = (example: Example | undefined) => example && bind(settings.parse(example.settings));
  const full = boundBy(examples.find(({ limited }) => limited !== true));
  return takesOf(full?.full, boundBy(examples.find(({ limited }) => limited === true))?.limited);
}

function readsTable(reads: Reads, needs: readonly string[]): string[] {
  return table(
    ['field', 'class', 'also needs', 'how', 'what it is'],
    Object.entries(reads).map(([field, read]) => {
      const also = (read.needs ?? []).filter((signal) => !needs.includes(signal));
      const { class: dataClass, description } = FIELDS[field as FieldName];
      return [
        `\`${field}\``,
        dataClass.replace('_', ' '),
        codes(also),
        read.sealed === true ? 'in the clear; waits sealed' : read.as === undefined ? 'as it is' : 'prepared',
        description,
      ];
    }),
  );
}

function limitedSection({ reads, sources, needsSettings }: NonNullable<Destination['limited']>): string[] {
  return [
    '### Without consent (`without_consent: limited`)',
    '',
    'Off unless chosen. Identifies nobody' +
      (sources === undefined ? '.' : `; exists for ${sources.map(titleOf).join(' and ')} only.`),
    ...(needsSettings.length > 0 ? [`Needs the settings ${codes(needsSettings)}.`] : []),
    '',
    ...readsTable(reads, []),
    '',
  ];
}

function settingsTable(schema: JsonSchema): string[] {
  return table(
    ['key', 'must be there', 'default', 'what it is'],
    Object.entries(schema.properties ?? {}).map(([key, property]) => [
      `\`${key}\``,
      schema.required?.includes(key) === true ? 'yes' : 'no',
      property.default === undefined ? '' : `\`${JSON.stringify(property.default)}\``,
      `${property.description ?? ''}${property.secret === true ? ' Secret: `${ENV_NAME}` or `file:/path`.' : ''}`,
    ]),
  );
}

function showExample({ title, from, granted, limited, event, expect }: Example): string[] {
  const consent = `granted: ${codes(granted) || 'nothing'}${limited === true ? ', `without_consent: limited`' : ''}`;
  const head = [
    `### ${title}`,
    '',
    `From ${from}; ${consent}.`,
    '',
    '```json',
    JSON.stringify(event, null, 2),
    '```',
    '',
  ];
  if ('skip' in expect) return [...head, `Nothing is sent: ${wordsOf(expect.skip)} (\`${expect.skip.code}\`).`, ''];
  const { method, url, headers, body } = showRequest(expect);
  return [
    ...head,
    '```http',
    `${method} ${url}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : ['', prettyBody(body)]),
    '```',
    '',
  ];
}

function prettyBody(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
