import { currencyCode } from '../../core/money.ts';
import { nearest } from '../../core/nearest.ts';
import { FIELD_NAMES, FIELDS } from '../../policy/fields.ts';
import { numberIn, type Place } from '../../policy/rules.ts';
import { isPersonalName } from '../../privacy/cleaner.ts';
import { RESERVED_PREFIX } from '../../protocols/names.ts';

/** What is wrong with a part of a rule. */
export interface Wrong {
  readonly message: string;
  readonly instead?: string | undefined;
}

type Scalar = string | number | boolean;

/** A condition of a rule on one field or custom parameter, as plain data. All its parts must hold. */
export interface ConditionConfig {
  /** The name as it is written: `value`, `params.form_id`. */
  readonly on: string;
  readonly is?: readonly string[];
  readonly atLeast?: number;
  readonly below?: number;
  readonly prefix?: string;
  readonly exists?: boolean;
}

const PARAMS = 'params.';
const PARAM_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

/** Fields whose value a rule can compare. Of other fields a rule can only ask whether they are there. */
const TEXTS: ReadonlySet<string> = new Set(
  'currency coupon transaction_id search_term page_location page_referrer page_title language country'.split(' '),
);
const NUMBERS: ReadonlySet<string> = new Set(['value', 'tax', 'shipping', 'engagement_time_msec']);
const ASKED_FOR: ReadonlySet<string> = new Set(['identifier', 'click_id', 'user_data']);

/** Every field that a rule can name, except custom parameters. */
const KNOWN: readonly string[] = FIELD_NAMES.filter(
  (name) => TEXTS.has(name) || NUMBERS.has(name) || name === 'items' || ASKED_FOR.has(FIELDS[name].class),
);

/** The values that a rule can give an event: none of them identifies the visitor or the event. */
const SETTABLE = ['value', 'currency', 'tax', 'shipping', 'coupon'] as const;

/** The field that a name in a rule means. */
export function ruledPlace(name: string): Place {
  return name.startsWith(PARAMS)
    ? { field: 'params', param: name.slice(PARAMS.length) }
    : { field: name as Place['field'] };
}

/** Why a rule cannot have this condition on a field of this name; undefined = it can. */
export function unfit({ on, is, atLeast, below, prefix }: ConditionConfig): Wrong | undefined {
  const wrong = unknownField(on);
  if (wrong !== undefined) return wrong;
  const compares = is ?? atLeast ?? below ?? prefix;
  if (on.startsWith(PARAMS) || compares === undefined) return undefined;
  if (NUMBERS.has(on)) {
    if (prefix !== undefined) return { message: `\`${on}\` is a number: it has no beginning`, instead: '">= 100"' };
    return is?.every((text) => numberIn(text) !== undefined) === false
      ? { message: `\`${on}\` is a number`, instead: '100, or ">= 100"' }
      : undefined;
  }
  if (!TEXTS.has(on))
    return { message: `of \`${on}\` a rule can only ask whether it is there`, instead: '{ exists: true }' };
  return atLeast === undefined && below === undefined
    ? undefined
    : {
        message: `\`${on}\` is a text: it is not more or less than a number`,
        instead: 'a text, a list, or { prefix: text }',
      };
}

/** Why a rule cannot name this field; undefined = it can. */
export function unknownField(on: string): Wrong | undefined {
  if (KNOWN.includes(on)) return undefined;
  if (!on.startsWith(PARAMS)) {
    const message = `\`${on.slice(0, 64)}\` is no field that a rule can look at; custom parameters are \`params.<name>\``;
    return { message, instead: nearest(on, KNOWN) ?? meantParam(on) };
  }
  const name = on.slice(PARAMS.length);
  if (!PARAM_NAME.test(name)) return { message: 'expected `params.` and a name of letters, digits and `_`' };
  if (KNOWN.includes(name))
    return { message: `\`${name}\` is a field of its own, not a custom parameter`, instead: name };
  if (RESERVED_PREFIX.test(name))
    return { message: `\`${name}\` is never there: Google keeps names like it for itself` };
  return isPersonalName(name)
    ? { message: `\`${name}\` is never there: its name says that the value stands for a person, a device or a click` }
    : undefined;
}

/** In a field that is a number, `100` and `100.00` are the same value. */
export function settledNumbers(condition: ConditionConfig): ConditionConfig {
  const { on, is } = condition;
  return is === undefined || !NUMBERS.has(on)
    ? condition
    : { ...condition, is: is.map((text) => String(Number(text))) };
}

const NOT_SET: Wrong = {
  message: `a rule gives an event \`${SETTABLE.join('`, `')}\` or \`params.<name>\`, and nothing that says whose it is or which one`,
};

/** The custom parameter that is meant by its name alone, or behind a word that is nearly `params`. */
function meantParam(written: string): string | undefined {
  const [word = '', name = written] = written.split('.', 2);
  if (name !== written && nearest(word, ['params']) === undefined) return undefined;
  return PARAM_NAME.test(name) && !Object.hasOwn(FIELDS, name) ? `${PARAMS}${name}` : undefined;
}

/** Why a rule cannot give an event this value; undefined = it can. */
export function unsettable(on: string, value: Scalar): Wrong | undefined {
  const known = SETTABLE.find((name) => name === on);
  if (known === undefined) {
    const { message } = (on.startsWith(PARAMS) ? unknownField(on) : NOT_SET) ?? {};
    const meant = nearest(on, SETTABLE) ?? meantParam(on);
    return message === undefined ? undefined : { message, instead: meant };
  }
  if (known === 'coupon')
    return typeof value === 'string' ? undefined : { message: 'expected a text', instead: 'the same in quotes' };
  if (known !== 'currency')
    return typeof value === 'number'
      ? undefined
      : { message: 'expected a number', instead: 'a number, without quotes' };
  const code = typeof value === 'string' ? currencyCode(value) : undefined;
  return code === value
    ? undefined
    : { message: 'expected a currency of ISO 4217, e.g. `NOK`', instead: code ?? 'NOK' };
}
