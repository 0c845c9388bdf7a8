import type { PlannedRequest } from '../../core/destination.ts';
import { SECRET, type EgressFacts, type EgressForm, type Leaf } from '../../core/egress.ts';
import type { Text } from '../../core/secret.ts';
import { ALL_SIGNALS, maskOf, type SignalMask } from '../../core/signals.ts';
import type { Gateway } from '../../policy/gateway.ts';
import type { Permit } from '../../policy/permit.ts';
import { jsonRule, PairRules, wrongJson, wrongValue, type JsonRule, type Rule } from './egress-rules.ts';

/** The reason under which rows that were stopped here are counted. */
export const EGRESS_CHECK = 'failed.egress_check';

/** The facts of a stored row whose element is in a request. */
export interface RowFacts extends EgressFacts {
  /** What the policy in force makes of them. */
  readonly verdict: Permit['verdict'];
}

/**
 * The last check of a request, just before secrets are put in and it is sent: whether this vendor may get everything in
 * it under the consent of every visitor whose events it carries. It does not rely on permits and plans: the vendor's own
 * table of what may be sent decides (`core/egress.ts`), and whatever is not in the table is a violation.
 *
 * @param table what may leave by the route
 * @param rows the rows whose elements are in the request, in order; none = a request that carries no event
 * @returns the rule that was broken, in words of the table and never of the request; undefined = it may go
 */
export function egressViolation(
  table: EgressTable,
  rows: readonly RowFacts[],
  planned: PlannedRequest,
): string | undefined {
  let signals = ALL_SIGNALS;
  let full = true;
  for (const row of rows) {
    if (row.verdict === 'blocked') return 'no consent';
    if (row.verdict === 'limited') full = false;
    signals &= row.signals;
  }
  const url = textOf(planned.url);
  const form = formOf(table, url, planned.method, rows.length === 0, full, signals);
  if (typeof form === 'string') return form;
  const [first] = rows;
  const facts = rows.length === 1 && first !== undefined ? first : { signals, acceptedAt: undefined };
  return violationOf(form, planned, url, facts, rows);
}

/** A vendor's table of what may be sent, compiled when the configuration loads. */
export type EgressTable = readonly CompiledForm[];

interface CompiledForm {
  readonly form: EgressForm;
  readonly needs: SignalMask;
  readonly query: PairRules;
  readonly headers: PairRules;
  readonly json: JsonRule | undefined;
  /** Of each line. */
  readonly lines: JsonRule | undefined;
  readonly text: Rule | undefined;
  readonly pairs: PairRules | undefined;
}

/** By `Route.key`: the compiled tables of a configuration. */
export type EgressTables = ReadonlyMap<string, EgressTable>;

/** Compiles the tables of every route. */
export function egressTables({ routeOf }: Pick<Gateway, 'routeOf'>): EgressTables {
  return new Map([...routeOf].map(([key, { bound }]) => [key, egressTable(bound.egress)]));
}

/** Compiles one table. */
export function egressTable(egress: readonly EgressForm[]): EgressTable {
  return egress.map(compile);
}

/** Nothing may leave. */
export const NO_FORMS: EgressTable = [];

function compile(form: EgressForm): CompiledForm {
  const { body } = form;
  const text = (leaf: Leaf): Rule => {
    const rule = jsonRule(leaf, 'body');
    if (rule.kind !== 'leaf') throw new TypeError('a text body is a leaf');
    return rule.rule;
  };
  return {
    form,
    needs: maskOf(form.needs ?? []),
    query: new PairRules(form.query, 'key in the query'),
    headers: new PairRules(form.headers, 'header'),
    json: typeof body === 'object' && 'json' in body ? jsonRule(body.json, '') : undefined,
    lines: typeof body === 'object' && 'lines' in body ? jsonRule(body.lines, '') : undefined,
    text: typeof body === 'object' && 'text' in body ? text(body.text) : undefined,
    pairs: typeof body === 'object' && 'form' in body ? new PairRules(body.form, 'key in the form') : undefined,
  };
}

/** The fullest form of this host and path that these rows allow; or why there is none. */
function formOf(
  table: EgressTable,
  url: string,
  method: string,
  aside: boolean,
  full: boolean,
  signals: SignalMask,
): CompiledForm | string {
  let reason = 'unknown host or path';
  let limited: CompiledForm | undefined;
  const slash = url.indexOf('/', SCHEME.length);
  if (!url.startsWith(SCHEME) || slash < 0) return reason;
  const host = url.slice(SCHEME.length, slash);
  const end = url.indexOf('?');
  const path = url.slice(slash, end < 0 ? undefined : end);
  for (const one of table) {
    const { kind, hosts, methods } = one.form;
    if (!hosts.includes(host) || !one.form.path.test(path)) continue;
    if (!methods.some((known) => known === method)) {
      reason = 'method';
    } else if ((kind === 'aside') !== aside) {
      reason = 'not a request for events';
    } else if (kind === 'full' && !(full && (signals & one.needs) === one.needs)) {
      reason = 'full form: not granted';
    } else if (kind === 'limited') limited = one;
    else return one;
  }
  return limited ?? reason;
}

const SCHEME = 'https://';

function violationOf(
  { form, query, headers, json, lines, text, pairs }: CompiledForm,
  planned: PlannedRequest,
  url: string,
  facts: EgressFacts,
  rows: readonly RowFacts[],
): string | undefined {
  if (url.includes('#')) return 'fragment';
  const start = url.indexOf('?');
  query.begin();
  headers.begin();
  let wrong = start < 0 ? undefined : query.text(url, start + 1, facts);
  for (const name in planned.headers) {
    wrong ??= headers.pair(name, textOf(planned.headers[name] ?? ''), facts);
  }
  if (wrong !== undefined) return wrong;
  const { body } = planned;
  if (body !== undefined) {
    if (planned.bodySecret !== undefined && !isOnce(body, IN_JSON)) return 'body: a secret in the wrong place';
    if (form.body === undefined) return 'body where there is none';
    wrong =
      json !== undefined
        ? wrongBody(body, json, facts, rows)
        : lines !== undefined
          ? wrongRows(body, lines, rows)
          : text !== undefined
            ? wrongValue(text, body, facts)
            : pairs !== undefined
              ? wrongForm(body, pairs, facts)
              : wrongLines(body, query, facts);
  }
  return wrong ?? query.missing() ?? headers.missing();
}

function wrongLines(body: string, query: PairRules, facts: EgressFacts): string | undefined {
  for (const line of body.split('\n')) {
    const wrong = query.text(line, 0, facts);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function wrongForm(body: string, pairs: PairRules, facts: EgressFacts): string | undefined {
  pairs.begin();
  return (body === '' ? undefined : pairs.text(body, 0, facts)) ?? pairs.missing();
}

/** A line for each row, and nothing beside them. */
function wrongRows(body: string, rule: JsonRule, rows: readonly RowFacts[]): string | undefined {
  const lines = body.split('\n');
  if (lines.length !== rows.length) return 'body: not one line for each event';
  for (const [i, line] of lines.entries()) {
    const row = rows[i] as RowFacts;
    const wrong = wrongBody(line, rule, row, [row]);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function wrongBody(body: string, rule: JsonRule, facts: EgressFacts, rows: readonly RowFacts[]): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return 'body is not JSON';
  }
  // A key that stands twice, or anything else that two parsers may read differently.
  if (JSON.stringify(value) !== body) return 'body can be read in two ways';
  return wrongJson(value, rule, facts, rows);
}

function isOnce(text: string, part: string): boolean {
  const at = text.indexOf(part);
  return at >= 0 && text.indexOf(part, at + part.length) < 0;
}

/** How `SECRET` is written in a text of JSON. */
const IN_JSON = JSON.stringify(SECRET).slice(1, -1);

/** A text with `SECRET` in place of each secret. */
function textOf(text: Text): string {
  if (typeof text === 'string') return text;
  let out = '';
  for (const part of text.parts) out += typeof part === 'string' ? part : SECRET;
  return out;
}
