import { AD_SIGNALS, type Category, type SignalMask } from '../../core/signals.ts';
import { asCount, asJsonObject, asString, type Json, type JsonObject } from '../json.ts';
import {
  base64Object,
  byCategory,
  jsonObject,
  perObject,
  type Context,
  type SignalMarks,
  type Platform,
} from '../platform.ts';
import { choice, noChoice, unreadable } from '../reading.ts';
import { isoTime, unixTime } from '../text.ts';

/** A platform whose cookie is a JSON object with one flag for each category: this row describes it completely. */
interface Row {
  readonly name: string;
  readonly title: string;
  readonly cookie: string;
  readonly base64?: boolean;
  /** The object the flags are in; default: the root. */
  readonly within?: string;
  readonly flags: Readonly<Partial<Record<Category, string>>>;
  readonly on: Json;
  /** What is written for a refusal; anything else makes the record unreadable. */
  readonly off: readonly Json[];
  /** Key and unit (milliseconds; `iso` = text) of the time of the choice. */
  readonly time?: readonly [key: string, unit: number | 'iso'];
  readonly id?: string;
  readonly version?: string;
  /** The key that must be true, else nobody has chosen. */
  readonly decided?: string;
  /** What laws of US states let a visitor opt out of, by key; and whether it is more than advertising. */
  readonly optOut?: { readonly is: RegExp; readonly ofAll: boolean };
}

const ROWS: readonly Row[] = [
  {
    name: 'wix',
    title: 'Wix',
    cookie: 'consent-policy',
    flags: { preferences: 'func', statistics: 'anl', marketing: 'adv' },
    on: 1,
    off: [0],
    time: ['ts', 60_000],
    // Data to third parties, which counts analytics in (dev.wix.com, "About the Consent Policy").
    optOut: { is: /^dt3$/, ofAll: true },
  },
  {
    name: 'cookiefirst',
    title: 'CookieFirst',
    cookie: 'cookiefirst-consent',
    flags: { preferences: 'functional', statistics: 'performance', marketing: 'advertising' },
    on: true,
    off: [false],
    time: ['timestamp', 1000],
    version: 'version',
  },
  {
    name: 'moove',
    title: 'GDPR Cookie Compliance (Moove)',
    cookie: 'moove_gdpr_popup',
    // Since version 5 also `preference`, and `performance`, which the site may map.
    flags: { preferences: 'preference', statistics: 'thirdparty', marketing: 'advanced' },
    on: '1',
    off: ['0'],
  },
  {
    name: 'transcend',
    title: 'Transcend',
    cookie: 'tcm',
    within: 'purposes',
    flags: { preferences: 'Functional', statistics: 'Analytics', marketing: 'Advertising' },
    on: true,
    // Set by the region, not by the visitor.
    off: [false, 'Auto'],
    time: ['timestamp', 'iso'],
    decided: 'confirmed',
    optOut: { is: /SaleOfInfo$/, ofAll: false },
  },
];

export const FLAG_PLATFORMS: readonly Platform[] = ROWS.map((row) => ({
  name: row.name,
  title: row.title,
  cookies: [row.cookie],
  read: perObject(row.base64 === true ? base64Object : jsonObject, (root, context) => {
    const flags = row.within === undefined ? root : asJsonObject(root.get(row.within));
    const marks = marksOf(row, flags, context);
    if (marks === undefined) return unreadable(context.source);
    const facts = {
      at: timeOf(root, row.time),
      id: row.id === undefined ? undefined : asString(root.get(row.id)),
      version: row.version === undefined ? undefined : asString(root.get(row.version)),
    };
    const optedOut = optedOutOf(row, flags, context);
    if (row.decided !== undefined && root.get(row.decided) !== true)
      return noChoice(context.source, facts, 'no choice yet', presetOff(row, flags, context) | optedOut);
    return choice(context.source, marks.on, marks.off | optedOut, facts);
  }),
}));

/** The categories that are plainly off; `Auto` may be either. */
function presetOff({ flags }: Row, object: JsonObject | undefined, context: Context): SignalMask {
  return byCategory(context, flags, (key) => (object?.get(key) === false ? false : undefined)).off;
}

/** What was opted out of: an objection. */
function optedOutOf({ optOut }: Row, flags: JsonObject | undefined, { all }: Context): SignalMask {
  if (optOut === undefined || flags === undefined) return 0;
  for (const [key, state] of flags) {
    if (optOut.is.test(key) && (state === 0 || state === false)) return optOut.ofAll ? all | AD_SIGNALS : AD_SIGNALS;
  }
  return 0;
}

function marksOf({ flags, on, off }: Row, object: JsonObject | undefined, context: Context): SignalMarks | undefined {
  if (object === undefined) return undefined;
  let present = false;
  let isReadable = true;
  const marks = byCategory(context, flags, (key) => {
    const flag = object.get(key);
    if (flag === undefined) return undefined;
    present = true;
    isReadable &&= flag === on || off.includes(flag);
    return flag === on;
  });
  return present && isReadable ? marks : undefined;
}

function timeOf(root: JsonObject, time: Row['time']): number | undefined {
  if (time === undefined) return undefined;
  const [key, unit] = time;
  // Some versions of a platform write the time as text.
  return isoTime(asString(root.get(key))) ?? (unit === 'iso' ? undefined : unixTime(asCount(root.get(key)), unit));
}
