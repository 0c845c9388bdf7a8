import { dated, type Identifier, type Parsed } from '../../src/core/identifiers.ts';
import { clientIdTime, endOf, MAX_DIGITS, numberAt, secondsAt, segmentStart } from '../../src/core/issue-time.ts';

/** `destinations/ga4.md` 7. Client and session id are fields of the gateway itself: `_ga` is where they are read from. */
export const identifiers: readonly Identifier[] = [
  {
    owner: 'Google',
    signal: 'analytics_storage',
    field: 'client_id',
    cookie: {
      name: '_ga',
      purpose: 'tells visitors apart for Google Analytics (client id)',
      parse: parseGa,
      subject: { kind: 'ga', by: 'id', first: true, browser: true },
    },
    names: 'gac gid gaclient gaclientid gapseudoid',
    forms: [
      { head: 'GA1', rest: /\.[\d-]{1,9}\.[\w.%-]{1,600}/ },
      { head: 'GA1', rest: /[_-]\d[_-]\d{4,20}[_-][\w.%-]{1,600}/ },
    ],
  },
  {
    owner: 'Google',
    signal: 'analytics_storage',
    field: 'session_id',
    cookie: {
      name: '_ga_*',
      purpose: 'the session of a visitor, for one data stream of Google Analytics',
      parse: parseGaSession,
    },
    forms: [{ head: 'GS', rest: /[12]\.[\d-]{1,9}\.[\w.$%-]{1,600}/ }],
  },
  {
    owner: 'Google',
    signal: 'analytics_storage',
    cookie: {
      name: 'FPID',
      purpose: 'client id of Google Analytics where a server container set it',
      parse: dated(fpidTime),
      subject: { kind: 'fpid', by: 'value' },
    },
    names: 'fpid',
    forms: [{ head: 'FPID', rest: /\d?\.\d[\w.%+/=-]{8,600}/ }],
  },
  {
    owner: 'Google',
    signal: 'analytics_storage',
    cookie: { name: 'FPLC', purpose: 'links the client id over the domains of a site', life: 'session' },
    names: 'fplc',
  },
];

function parseGa(value: string): Parsed {
  const id = gaClientId(value);
  return { issued: id === undefined ? undefined : clientIdTime(id), id };
}

function parseGaSession(value: string): Parsed {
  const id = gaSessionId(value);
  return { issued: id === undefined ? undefined : Number(id) * 1000, id };
}

/** The client id in a `_ga` cookie, `GA1.<level>.<random>.<unix s>`: its last two parts, whatever time they name. */
export function gaClientId(cookie: string): string | undefined {
  if (!cookie.startsWith('GA1.')) return undefined;
  const random = cookie.indexOf('.', 4) + 1;
  const time = cookie.indexOf('.', random) + 1;
  if (random === 0 || time === 0 || time - random > MAX_DIGITS + 1 || cookie.length - time > MAX_DIGITS)
    return undefined;
  const digits = numberAt(cookie, random, time - 1) >= 0 && numberAt(cookie, time, cookie.length) >= 0;
  return digits ? cookie.slice(random) : undefined;
}

/**
 * The session id in a `_ga_<stream>` cookie, unix seconds of its start: `GS1.<level>.<sid>.…`, or
 * `GS2.<level>.s<sid>$o…` with segments in any order.
 */
export function gaSessionId(cookie: string): string | undefined {
  const level = cookie.indexOf('.', 4) + 1;
  if (level === 0) return undefined;
  let start = level;
  let end: number;
  if (cookie.startsWith('GS2.')) {
    start = segmentStart(cookie, 's', level);
    end = endOf(cookie, '$', start);
  } else if (cookie.startsWith('GS1.')) {
    end = endOf(cookie, '.', start);
  } else {
    return undefined;
  }
  return start === -1 || secondsAt(cookie, start, end) === undefined ? undefined : cookie.slice(start, end);
}

/** Issue time at the end of `FPID`, `FPID2.<level>.<hash>.<unix s>`. */
export function fpidTime(cookie: string): number | undefined {
  const dot = cookie.lastIndexOf('.');
  return dot === -1 ? undefined : secondsAt(cookie, dot + 1, cookie.length);
}
