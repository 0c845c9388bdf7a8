import { ALL_SIGNALS, maskOf, SIGNALS, type SignalMask } from '../../core/signals.ts';
import { cookieValues, type Cookies } from '../cookie-header.ts';
import { asCount, asJsonObject, asString, type JsonObject } from '../json.ts';
import { chosen, jsonObject, perObject, type Platform } from '../platform.ts';
import { noChoice } from '../reading.ts';
import { services } from '../service-marks.ts';
import { daysAfter, isoTime, readLayers } from '../text.ts';

type Flag = readonly [name: string, accepted: boolean];

const RECORD = 'axeptio_cookies';
const ALL = 'axeptio_all_vendors';
const AUTHORISED = 'axeptio_authorized_vendors';
const MODE = '$$googleConsentMode';
/** Whom the signals of Google's consent mode are about (`DestinationSpec.vendor`). */
const GOOGLE = 'Google';

/**
 * Axeptio: vendors and their state, and beside them two lists of the same (of all, and of those that are allowed), and what
 * it told Google's consent mode.
 */
export const axeptio: Platform = {
  name: 'axeptio',
  title: 'Axeptio',
  cookies: [RECORD, ALL, AUTHORISED],
  needsMapping: true,
  read: perObject(
    jsonObject,
    (root, context, found) => {
      const at = isoTime(asString(root.get('$$date')));
      const until = daysAfter(at, asCount(root.get('$$duration')));
      const facts = { at, until, id: asString(root.get('$$token')) };
      const flags = [...root]
        .filter(([name]) => !name.startsWith('$$'))
        .map(([name, state]): Flag => [name, state === true]);
      if (root.get('$$completed') !== true)
        return noChoice(context.source, facts, 'no choice yet', services(flags, context).off);
      const marks = services([...flags, ...refusedBeside(found)], context);
      // It stands on `granted` beside vendors that were all refused, so it can only take away.
      if (root.has(MODE)) marks.narrowing?.without(GOOGLE, deniedIn(asJsonObject(root.get(MODE))), MODE);
      return chosen(context.source, marks, facts);
    },
    (name) => name === RECORD,
  ),
};

/** The signals that were asked for and not granted; any other word than `granted` may be a refusal. */
function deniedIn(mode: JsonObject | undefined): SignalMask {
  return mode === undefined
    ? ALL_SIGNALS
    : maskOf(SIGNALS.filter((signal) => (mode.get(signal) ?? 'granted') !== 'granted'));
}

/** Vendors of the site that are not among the authorised ones. Lists without the record beside them say nothing. */
function refusedBeside(found: Cookies): readonly Flag[] {
  const authorised = cookieValues(found, AUTHORISED).map(vendorsIn);
  if (authorised.length === 0) return [];
  const all = cookieValues(found, ALL).flatMap(vendorsIn);
  return all.filter((name) => !authorised.every((list) => list.includes(name))).map((name) => [name, false]);
}

/** `,a,b,`, percent-encoded once or more. */
function vendorsIn(value: string): readonly string[] {
  const list = readLayers(
    value,
    0,
    (text) => text,
    (text) => !text.includes('%'),
  );
  return list.split(',', 512).filter((name) => name !== '');
}
