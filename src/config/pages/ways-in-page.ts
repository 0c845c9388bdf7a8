import { PROTOCOLS } from '../../protocols/index.ts';
import type { Door, Protocol } from '../../protocols/protocol.ts';
import { codes, table } from './markdown.ts';

const SCRIPTS = PROTOCOLS.flatMap(({ scripts = [] }) => scripts)
  .map(({ path, what }) => ` and of \`${path}\` (${what})`)
  .join('');

/** The page about every way in: the list the listeners walk, for people. */
export function waysInPage(): string {
  return `${[
    '# Ways in',
    '',
    `Written by \`npm run gen\` from \`src/protocols\`. Paths are below [\`server.path_prefix\`](../README.md#mount-it), if there is one, and compared as they come: another spelling (\`%63\`, a slash more, another case) is another path. \`HEAD\` and every other method that is not named gets 405. What else there is: \`GET\` and \`HEAD\` of \`/healthz\`, \`/readyz\`, \`/healthy\` (\`ok\`, for Google's set-ups), of \`/g/consent.js\` (the [bridge](consent-platforms.md#the-bridge))${SCRIPTS}. A request that a browser makes for a service worker is 404 everywhere.`,
    '',
    ...PROTOCOLS.flatMap(section),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

function section({ name, title, doors, backends, ownEventIds, caseForm }: Protocol): string[] {
  return [
    `## ${title.charAt(0).toUpperCase()}${title.slice(1)}`,
    '',
    `In metrics, the decision log, the preview and \`portvakt explain\` their source is \`${name}\`. ${senders(
      backends,
      doors,
    )} An event's own id ${
      ownEventIds ? 'stands for that event on every route' : 'counts where the vendor deduplicates by it'
    } ([duplicates](duplicates.md)). A [case](../config/README.md) writes them under \`request.${caseForm.key}\`.`,
    '',
    ...table(
      ['path', 'methods', 'media types', 'without `Origin` not', 'preflight', 'what is done'],
      doors.map((door) => [
        codes([...door.paths, ...(door.below ?? []).map((start) => `${start}...`)]),
        codes(door.methods),
        listed(door.types),
        listed(door.fromPages),
        door.preflight ? 'yes' : 'no',
        done(door),
      ]),
    ),
    '',
  ];
}

/** Pages of listed origins ask before they send. */
function senders(backends: Protocol['backends'], doors: readonly Door[]): string {
  if (backends === undefined) return 'They come from browsers.';
  return doors.some(({ preflight }) => preflight)
    ? `They come from pages, and from a site's back end (\`${backends}\`), which says whose each event is.`
    : `They come from a site's back end alone (\`${backends}\`), which says whose each event is.`;
}

function listed(types: ReadonlySet<string>): string {
  return [...types].map((type) => (type === '' ? 'none said' : `\`${type}\``)).join(', ') || '-';
}

function done({ does }: Door): string {
  if (does === 'store') return 'events are decided, stored and sent';
  if (does === 'validate') return 'events are read and decided; nothing is stored or sent';
  return `always ${does.status}; the request is not read`;
}
