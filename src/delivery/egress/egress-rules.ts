import { IDENTIFIERS } from '../../../destinations/identifiers.ts';
import { SECRET, type Claim, type EgressFacts, type Leaf, type Leaves, type Shape } from '../../core/egress.ts';
import { addressWithout } from '../../core/egress-claims.ts';
import { clickParams } from '../../core/identifiers.ts';
import { BIT, maskOf, type SignalMask } from '../../core/signals.ts';

/** A row of the table as it is looked up. */
export interface Rule {
  readonly name: string;
  readonly needs: SignalMask;
  readonly may: Claim | undefined;
  readonly required: boolean;
  readonly secret: boolean;
  /** The list it was last found in: a key that stands twice has two values. */
  met: number;
}

function ruleOf(name: string, { needs, may, address, required, secret }: Leaf): Rule {
  const claim = address === undefined ? may : addressClaim(address.clicksOf);
  return { name, needs: maskOf(needs ?? []), may: claim, required: required ?? false, secret: secret ?? false, met: 0 };
}

/** The most frequent address parameters of vendors without a destination here, and of recipients. */
const OTHERS = ['twclid', 'yclid', '_gl', '_ga', 'mc_eid', '_hsenc', 'email'];
const clean = addressWithout([...clickParams(IDENTIFIERS), ...OTHERS]);

/** An address without identifiers, except this vendor's click ids where consent allows them. */
function addressClaim(clicksOf: string | undefined): Claim {
  if (clicksOf === undefined) return clean;
  const foreign = addressWithout([...clickParams(IDENTIFIERS.filter(({ owner }) => owner !== clicksOf)), ...OTHERS]);
  return (text, facts) => ((facts.signals & BIT.ad_storage) === 0 ? clean(text, facts) : foreign(text, facts));
}

/** What is wrong with a value, in fixed words; undefined = nothing. */
export function wrongValue(rule: Rule, text: string, facts: EgressFacts): string | undefined {
  if ((facts.signals & rule.needs) !== rule.needs) return `${rule.name}: not granted`;
  return rule.may === undefined || rule.may(text, facts) ? undefined : `${rule.name}: value not allowed`;
}

/** The keys of a query, or the names of headers. Exact names first, then `ep.*`, then `pr#`. */
export class PairRules {
  readonly #exact = new Map<string, Rule>();
  readonly #families = new Map<string, Rule>();
  readonly #required: readonly Rule[];
  readonly #what: string;
  #list = 0;

  constructor(leaves: Leaves, what: string) {
    this.#what = what;
    for (const [name, leaf] of Object.entries(leaves)) {
      const rule = ruleOf(name, leaf);
      if (/[*#]$/.test(name)) this.#families.set(name, rule);
      else this.#exact.set(name, rule);
    }
    this.#required = [...this.#exact.values()].filter(({ required }) => required);
  }

  /** Begins a list of pairs: of a request, since a body's keys override those of its query. */
  begin(): void {
    this.#list++;
  }

  /** What is wrong with a name and its value, taken as they are; unknown names are never repeated. */
  pair(name: string, value: string, facts: EgressFacts): string | undefined {
    const rule = this.#ruleOf(name);
    if (typeof rule === 'string') return rule;
    if (value.includes(SECRET) !== rule.secret) return `${rule.name}: a secret in the wrong place`;
    return wrongValue(rule, value, facts);
  }

  /** What is missing at the end of the list. */
  missing(): string | undefined {
    for (const rule of this.#required) if (rule.met !== this.#list) return `${rule.name}: missing`;
    return undefined;
  }

  /** Reads `a=1&b=2` from there on in one pass; values without a rule are not parsed. */
  text(pairs: string, from: number, facts: EgressFacts): string | undefined {
    const secrets = pairs.includes(SECRET);
    const escapes = pairs.includes('%');
    for (let end; from < pairs.length; from = end + 1) {
      end = pairs.indexOf('&', from);
      if (end < 0) end = pairs.length;
      let equals = pairs.indexOf('=', from);
      if (equals < 0 || equals > end) equals = end;
      const rule = this.#ruleOf(pairs.slice(from, equals));
      if (typeof rule === 'string') return rule;
      const raw = secrets || rule.may !== undefined ? pairs.slice(equals + 1, end) : '';
      if ((secrets && raw.includes(SECRET)) !== rule.secret) return `${rule.name}: a secret in the wrong place`;
      const value = escapes && rule.may !== undefined ? decoded(raw) : raw;
      const wrong = value === undefined ? `unreadable ${this.#what}` : wrongValue(rule, value, facts);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  /** The rule for a name, which now counts as found; or what is wrong with the name. */
  #ruleOf(name: string): Rule | string {
    const exact = this.#exact.get(name);
    if (exact === undefined) return this.#familyOf(name) ?? `unknown ${this.#what}`;
    if (exact.met === this.#list) return `${name}: twice`;
    exact.met = this.#list;
    return exact;
  }

  #familyOf(name: string): Rule | undefined {
    const dot = name.indexOf('.');
    if (dot > 0) return this.#families.get(`${name.slice(0, dot)}.*`);
    const digits = name.search(/\d+$/);
    return digits > 0 ? this.#families.get(`${name.slice(0, digits)}#`) : undefined;
  }
}

function decoded(value: string): string | undefined {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** A shape of a JSON body as it is walked. */
export type JsonRule =
  | { readonly kind: 'leaf'; readonly rule: Rule }
  | { readonly kind: 'pairs'; readonly name: string; readonly rules: PairRules }
  | {
      readonly kind: 'object';
      readonly name: string;
      readonly needs: SignalMask;
      readonly required: boolean;
      readonly keys: ReadonlyMap<string, JsonRule>;
      readonly own: JsonRule | undefined;
      readonly demanded: readonly string[];
    }
  | {
      readonly kind: 'list';
      readonly name: string;
      readonly needs: SignalMask;
      readonly required: boolean;
      readonly each: JsonRule;
      readonly perRow: boolean;
    };

/** Compiles a shape; `name` is the path that reasons name. */
export function jsonRule(shape: Shape, name: string): JsonRule {
  if ('pairs' in shape) return { kind: 'pairs', name, rules: new PairRules(shape.pairs, 'key in the body') };
  if (!('keys' in shape) && !('each' in shape)) return { kind: 'leaf', rule: ruleOf(name, shape) };
  const needs = maskOf(shape.needs ?? []);
  const required = shape.required ?? false;
  if ('each' in shape) {
    return { kind: 'list', name, needs, required, each: jsonRule(shape.each, name), perRow: shape.perRow ?? false };
  }
  const inner = (key: string): string => (name === '' ? key : `${name}.${key}`);
  const entries = Object.entries(shape.keys);
  return {
    kind: 'object',
    name,
    needs,
    required,
    keys: new Map(entries.map(([key, value]) => [key, jsonRule(value, inner(key))])),
    own: shape.own === undefined ? undefined : jsonRule(shape.own, inner('*')),
    demanded: entries.filter(([, value]) => value.required === true).map(([key]) => key),
  };
}

/**
 * What is wrong with a parsed body; undefined = nothing.
 * @param rows facts of the rows in it, in order; what no row owns is judged by `facts`, the least of them
 */
export function wrongJson(
  value: unknown,
  rule: JsonRule,
  facts: EgressFacts,
  rows: readonly EgressFacts[],
): string | undefined {
  if (rule.kind === 'leaf') return wrongScalar(value, rule.rule, facts);
  if (rule.kind === 'pairs') return wrongPairs(value, rule, facts);
  if ((facts.signals & rule.needs) !== rule.needs) return `${rule.name}: not granted`;
  if (typeof value !== 'object' || value === null) return `${rule.name}: value not allowed`;
  if (rule.kind === 'list') {
    if (!Array.isArray(value)) return `${rule.name}: value not allowed`;
    if (rule.perRow && value.length !== rows.length) return `${rule.name}: not one for each event`;
    for (let i = 0; i < value.length; i++) {
      const wrong = wrongJson(value[i], rule.each, rule.perRow ? (rows[i] as EgressFacts) : facts, rows);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }
  if (Array.isArray(value)) return `${rule.name}: value not allowed`;
  for (const key in value) {
    const inner = rule.keys.get(key) ?? rule.own;
    if (inner === undefined) return `unknown key in the body`;
    const wrong = wrongJson((value as Readonly<Record<string, unknown>>)[key], inner, facts, rows);
    if (wrong !== undefined) return wrong;
  }
  for (const key of rule.demanded) if (!Object.hasOwn(value, key)) return `${key}: missing`;
  return undefined;
}

function wrongPairs(
  value: unknown,
  { name, rules }: Extract<JsonRule, { kind: 'pairs' }>,
  facts: EgressFacts,
): string | undefined {
  if (typeof value !== 'string' || !value.startsWith('?') || value.includes('#')) return `${name}: value not allowed`;
  rules.begin();
  return rules.text(value, 1, facts) ?? rules.missing();
}

function wrongScalar(value: unknown, rule: Rule, facts: EgressFacts): string | undefined {
  if (value === null) return undefined;
  if (typeof value === 'string') {
    if (rule.secret && value !== SECRET) return `${rule.name}: a secret in the wrong place`;
    return wrongValue(rule, value, facts);
  }
  if (typeof value === 'number' || typeof value === 'boolean') return wrongValue(rule, String(value), facts);
  return `${rule.name}: value not allowed`;
}
