import { afterEach, describe, expect, it, vi } from 'vitest';
import * as eventNames from '../../src/core/event-names.ts';
import * as privacyKeys from '../../src/consent/standards/privacy-keys.ts';
import * as signals from '../../src/policy/signals.ts';
import * as addresses from '../../src/privacy/pii/addresses.ts';
import * as cleaner from '../../src/privacy/cleaner.ts';
import * as decode from '../../src/privacy/pii/decode.ts';
import * as emails from '../../src/privacy/pii/emails.ts';
import * as idNames from '../../src/privacy/id-names.ts';
import * as ids from '../../src/privacy/ids.ts';
import * as keys from '../../src/privacy/url/keys.ts';
import * as numbers from '../../src/privacy/pii/numbers.ts';
import { OwnIds } from '../../src/privacy/own-ids.ts';
import * as urlPath from '../../src/privacy/url/url-path.ts';
import { profiles } from './profiles.ts';
import { Run } from './run.ts';

// Negative controls: the functions that remove something are broken one by one. Each fault must lead to the leaks it
// makes possible.

vi.mock('../../src/consent/standards/privacy-keys.ts', { spy: true });
vi.mock('../../src/policy/signals.ts', { spy: true });
vi.mock('../../src/privacy/pii/addresses.ts', { spy: true });
vi.mock('../../src/privacy/cleaner.ts', { spy: true });
vi.mock('../../src/privacy/pii/decode.ts', { spy: true });
vi.mock('../../src/privacy/pii/emails.ts', { spy: true });
vi.mock('../../src/privacy/id-names.ts', { spy: true });
vi.mock('../../src/privacy/ids.ts', { spy: true });
vi.mock('../../src/privacy/url/keys.ts', { spy: true });
vi.mock('../../src/privacy/pii/numbers.ts', { spy: true });
vi.mock('../../src/privacy/url/url-path.ts', { spy: true });

const HITS = 500;
/** A sort that is rare among what many vendors could leak takes more hits to be met. */
const MOST_HITS = 4_000;
const STEP = 100;
const EVERY_LIMITED = 'every limited form';
const all = profiles();

function runOf(name: string): Run {
  const profile = all.find((one) => one.name === name);
  if (profile === undefined) throw new Error(`no profile is called ${name}`);
  return new Run([profile]);
}

/** Every sort of leak of the first hits. */
function leaks(name: string): string[] {
  const run = runOf(name);
  run.hits(1, HITS);
  return [...run.finish(HITS).examples.keys()];
}

/** Those of these sorts that were met, as soon as all of them were. */
function met(name: string, sorts: readonly string[]): string[] {
  const run = runOf(name);
  const { examples } = run.summary;
  for (let hit = 1; hit < MOST_HITS && !sorts.every((sort) => examples.has(sort)); hit += STEP)
    run.hits(hit, hit + STEP);
  return sorts.filter((sort) => examples.has(sort));
}

const nothing = (): undefined => undefined;
const asItIs = (text: string): string => text;

/** What is broken and how, the profile that shows it, and the sorts of leaks that follow. */
type Control = readonly [what: string, breakIt: () => void, profile: string, sorts: readonly string[]];

const CONTROLS: readonly Control[] = [
  [
    'e-mail addresses',
    () => vi.mocked(emails.findEmails).mockImplementation(nothing),
    EVERY_LIMITED,
    ['emailInText raw -> ga4'],
  ],
  [
    'numbers of persons',
    () => vi.mocked(numbers.findNumbers).mockImplementation(nothing),
    EVERY_LIMITED,
    ['nationalId raw -> ga4', 'phoneInText raw -> ga4'],
  ],
  [
    'addresses on the net',
    () => vi.mocked(addresses.findAddresses).mockImplementation(nothing),
    EVERY_LIMITED,
    ['ipParam raw -> ga4'],
  ],
  [
    "what vendors' ids look like",
    () => vi.mocked(ids.findIds).mockImplementation(nothing),
    EVERY_LIMITED,
    ['formatInText raw -> ga4'],
  ],
  [
    'ids behind their names',
    () => vi.mocked(ids.findPairs).mockImplementation(nothing),
    EVERY_LIMITED,
    ['clickInText raw -> ga4'],
  ],
  [
    'encodings',
    () => vi.mocked(decode.decodeOnce).mockImplementation(asItIs),
    EVERY_LIMITED,
    ['emailInText raw -> ga4'],
  ],
  [
    "copies of the visitor's own ids",
    () => vi.spyOn(OwnIds.prototype, 'hidden').mockImplementation(asItIs),
    EVERY_LIMITED,
    ['uetvidCookie raw -> ga4'],
  ],
  [
    'user ids that are personal',
    () => vi.mocked(cleaner.isPersonalId).mockReturnValue(false),
    EVERY_LIMITED,
    ['mailUserId raw -> ga4'],
  ],
  [
    'what stands for an order number or an event id',
    () => vi.spyOn(cleaner.Cleaner.prototype, 'isId').mockReturnValue(true),
    EVERY_LIMITED,
    ['emailInText raw -> meta', 'formatInText raw -> meta'],
  ],
  ['paths', () => vi.mocked(urlPath.cleanPath).mockImplementation(asItIs), EVERY_LIMITED, ['emailInText raw -> meta']],
  [
    'names of events where nothing was allowed',
    () => vi.spyOn(eventNames.GA4_EVENTS, 'has').mockReturnValue(true),
    EVERY_LIMITED,
    ['eventName raw -> ga4'],
  ],
  [
    'privacy keys of the hit',
    () => vi.mocked(privacyKeys.readPrivacyKeys).mockReturnValue([]),
    EVERY_LIMITED,
    ['order raw -> google_ads'],
  ],
  [
    'cookies of refused vendors',
    () => vi.mocked(signals.closedToVendors).mockReturnValue(undefined),
    'services',
    ['fbclid raw -> set-cookie'],
  ],
  [
    'refused services',
    () => vi.mocked(signals.routeSignals).mockImplementation((_route, _site, _consent, granted) => granted),
    'services',
    ['email sha256 -> google_ads'],
  ],
  [
    'what is ended for refused services',
    () => vi.mocked(signals.refusedService).mockReturnValue(undefined),
    'services',
    ['path raw -> microsoft_ads'],
  ],
  ['objections', () => vi.mocked(signals.endedByObjection).mockReturnValue(false), 'interest', ['path raw -> ga4']],
  // Names that were once found harmless are remembered, so these come last.
  ['personal names', () => vi.mocked(keys.dropKey).mockReturnValue(false), EVERY_LIMITED, ['personalParam raw -> ga4']],
  ['names of ids', () => vi.mocked(idNames.isIdName).mockReturnValue(false), EVERY_LIMITED, ['vendorId raw -> ga4']],
];

afterEach(() => {
  vi.resetAllMocks();
  vi.restoreAllMocks();
});

describe('broken, it is found', { timeout: 180_000 }, () => {
  it.each(['every limited form', 'services', 'interest'])('nothing is, whole: %s', (name) => {
    expect(leaks(name)).toEqual([]);
  });

  it.each(CONTROLS)('%s', (_, breakIt, profile, sorts) => {
    breakIt();
    expect(met(profile, sorts)).toEqual(sorts);
  });
});
