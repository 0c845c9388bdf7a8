import { CAMPAIGN_KEYS } from '../../core/ga4-web.ts';
import type { FieldName, RawEvent } from '../../core/fields.ts';
import { NameTable } from '../../core/name-table.ts';
import type { ConsentModeKeys, Item, PrivacyKeys } from '../../core/values.ts';
import { finiteNumber } from '../limits.ts';
import { UNREADABLE } from '../settle.ts';

/** An event while it is being read: the nested records can still be written. */
export type Draft = Omit<RawEvent, 'consent_mode' | 'privacy_keys'> & {
  params?: Record<string, string | number | boolean>;
  user_properties?: Record<string, string | number | boolean>;
  items?: Item[];
  ga4_transport?: Record<string, string>;
  campaign?: Record<string, string>;
  client_hints?: Record<string, string>;
  consent_mode?: { -readonly [K in keyof ConsentModeKeys]: ConsentModeKeys[K] };
  privacy_keys?: { -readonly [K in keyof PrivacyKeys]: PrivacyKeys[K] };
};

/** Puts one decoded value into its field; false = it cannot be used. */
export type Setter = (draft: Draft, text: string) => boolean;

type TextField = { [F in FieldName]: RawEvent[F] extends string | undefined ? F : never }[FieldName];
type NumberField = { [F in FieldName]: RawEvent[F] extends number | undefined ? F : never }[FieldName];

/** An empty value counts as none, but it still overrides the value that the query has for all lines. */
const text =
  (field: TextField): Setter =>
  (draft, value) => {
    if (value !== '' || draft[field] !== undefined) draft[field] = value;
    return true;
  };

const number =
  (field: NumberField): Setter =>
  (draft, value) => {
    const parsed = finiteNumber(value);
    if (parsed !== undefined) draft[field] = parsed;
    return parsed !== undefined;
  };

/** A number that is there but cannot be read differs from a missing one: `settle` decides what to leave out with it. */
const amount =
  (field: 'value' | 'tax' | 'shipping'): Setter =>
  (draft, value) => {
    if (value === '') return false;
    draft[field] = finiteNumber(value.trim()) ?? UNREADABLE;
    return true;
  };

const flag =
  (field: 'debug_mode' | 'repeat'): Setter =>
  (draft, value) => {
    const on = value === '1' || value === 'true';
    if (on) draft[field] = true;
    return on;
  };

const campaign =
  (name: string): Setter =>
  (draft, value) => {
    if (value !== '') (draft.campaign ??= {})[name] = value;
    return true;
  };

const hint =
  (key: string): Setter =>
  (draft, value) => {
    if (value !== '') (draft.client_hints ??= {})[key] = value;
    return true;
  };

/** The same for what an event is nothing without: in no place an empty value overrides it. */
const kept =
  (field: TextField): Setter =>
  (draft, value) => {
    if (value !== '') draft[field] = value;
    return true;
  };

/** Stands for a consent key with two different values in one event. It is no valid value of any key, so it means denied. */
const CONTRADICTION = '!';

const consent =
  (key: keyof ConsentModeKeys): Setter =>
  (draft, value) => {
    // Empty is absent, beside another value, too.
    if (value === '') return true;
    const keys = (draft.consent_mode ??= {});
    const before = keys[key];
    keys[key] = before === undefined || before === value ? value : CONTRADICTION;
    return true;
  };

const privacy =
  (key: keyof PrivacyKeys): Setter =>
  (draft, value) => {
    if (value === '') return true;
    const keys = (draft.privacy_keys ??= {});
    const before = keys[key];
    keys[key] = before === undefined || before === value ? value : CONTRADICTION;
    return true;
  };

/** Keys that identify nobody, with the form of their values; a value of another form could hold anything. */
const transport =
  (key: string, has: (value: string) => boolean): Setter =>
  (draft, value) => {
    if (value === '') return true;
    if (value.length > LONGEST_TRANSPORT || !has(value)) return false;
    (draft.ga4_transport ??= {})[key] = value;
    return true;
  };

const LONGEST_TRANSPORT = 512;

/** A container's number from Google: the longer, the higher the first digits, so that no phone number has this form. */
const CONTAINER = '(?:7\\d{7}|[89]\\d{8}|9\\d{9})';
const FLAG = (value: string): boolean => (value.length === 1 ? isDigits(value, 1) : value === 'true');
const DEVELOPERS = matching(/^d[A-Za-z0-9]{6}(?:\.d[A-Za-z0-9]{6}){0,8}$/);

function matching(form: RegExp): (value: string) => boolean {
  return (value) => form.test(value);
}

/** Digits only, at most so many. No regular expression, because most values of a hit come here. */
function isDigits(value: string, most: number): boolean {
  if (value.length > most) return false;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return false;
  }
  return true;
}

/**
 * Transport keys that are relayed, with the form their values have: the flags and versions that `destinations/ga4.md`
 * 3.2-3.4 and 4 call "not identifiers", as published hits show them. Keys of unknown purpose are not among them.
 */
const TRANSPORT: Readonly<Record<string, (value: string) => boolean>> = {
  gtm: matching(
    new RegExp(
      `^(?:2[a-z]{2}[0-9a-z]{2,4}|45[a-zA-Z][0-9a-z][0-9a-z]{3,6}(?:h\\d)?(?:v${CONTAINER})?(?:z8${CONTAINER})?(?:za[0-9a-z]{3})?(?:z[b-e]${CONTAINER}){0,4}(?:xf?\\d{1,2})?)$`,
    ),
  ),
  tag_exp: matching(/^(?:0|1\d{8})(?:[~.-]1\d{8}){0,40}$/),
  gdid: DEVELOPERS,
  did: DEVELOPERS,
  edid: DEVELOPERS,
  _edid: DEVELOPERS,
  _s: (value) => isDigits(value, 4),
  // Bits in base64, few of them set.
  _eu: matching(/^[A-IMQSUYg]{2,9}$/),
  tfd: (value) => isDigits(value, 7),
  tt: matching(/^[A-Za-z]{1,16}$/),
  seg: FLAG,
  frm: FLAG,
  are: FLAG,
  pae: FLAG,
  ir: FLAG,
  _fv: FLAG,
  _ss: FLAG,
  _nsi: FLAG,
  _c: FLAG,
  _ee: FLAG,
  _gaz: FLAG,
};

/** Every key of a web hit that is read, beside `v`, `tid` and the prefixed ones (`destinations/ga4.md` 3.2-3.8). */
export const KEYS = new NameTable<Setter>([
  ['en', kept('event_name')],
  ['cid', kept('client_id')],
  ['uid', text('user_id')],
  ['sid', text('session_id')],
  ['sct', text('session_number')],
  ['_p', text('page_load_id')],
  ['_et', number('engagement_time_msec')],
  ['_dbg', flag('debug_mode')],
  ['gcu', flag('repeat')],
  ['cu', text('currency')],
  ['dl', kept('page_location')],
  ['dr', text('page_referrer')],
  ['dt', text('page_title')],
  ['ul', text('language')],
  ['sr', text('screen_resolution')],
  ['em', text('google_user_data')],
  ...[...CAMPAIGN_KEYS].map(([key, name]): [string, Setter] => [key, campaign(name)]),
  ...(['gcs', 'gcd', 'npa', 'dma', 'dma_cps', 'pscdl'] as const).map((key): [string, Setter] => [key, consent(key)]),
  ...(['us_privacy', 'gdpr', 'gdpr_consent', 'gpp', 'gpp_sid'] as const).map((key): [string, Setter] => [
    key,
    privacy(key),
  ]),
  ['sst.us_privacy', privacy('sst_us_privacy')],
  ...['uaa', 'uab', 'uafvl', 'uamb', 'uam', 'uap', 'uapv', 'uaw'].map((key): [string, Setter] => [key, hint(key)]),
  ...Object.entries(TRANSPORT).map(([key, form]): [string, Setter] => [key, transport(key, form)]),
]);

/** Event parameters that have a field of their own, as `ep.` or `epn.`: shops send order numbers as either. */
export const NAMED_PARAMS: ReadonlyMap<string, Setter> = new Map<string, Setter>([
  ['currency', text('currency')],
  ['value', amount('value')],
  ['tax', amount('tax')],
  ['shipping', amount('shipping')],
  ['coupon', text('coupon')],
  ['transaction_id', kept('transaction_id')],
  ['search_term', text('search_term')],
  ['event_id', text('event_id')],
  ['engagement_time_msec', number('engagement_time_msec')],
  ['debug_mode', flag('debug_mode')],
]);
