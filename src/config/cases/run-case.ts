import { sha256Hex } from '../../core/hash.ts';
import { decideRequest } from '../../decide/request.ts';
import type { Gateway } from '../../policy/gateway.ts';
import { type BackEndKeys, caseHit, siteFor, UnusableCase } from './case-hit.ts';
import type { Case, Expectation, RouteExpectation } from './index.ts';
import { explain, type ExplainedRoute, type Explanation, type ShownRequest } from './explanation.ts';
import { trialWindows } from './trial-windows.ts';

/** Runs one case through the same function that serves hits. Returns the differences from what was expected. */
export function runCase(one: Case, gateway: Gateway, now: number, keys: BackEndKeys = {}): readonly string[] {
  try {
    const hit = caseHit(one, gateway, now, keys);
    const done = decideRequest(hit, gateway, trialWindows(gateway, hit));
    if ('problem' in done) {
      const { status, detail } = done.problem;
      return one.expect.refused === status ? [] : [`refused with ${status}: ${detail}`];
    }
    if (one.expect.refused !== undefined)
      return [`expected to be refused with ${one.expect.refused}, but was accepted`];
    const names = siteFor(one.request, gateway).routes.map(({ name }) => name);
    return compare(one.expect, explain(done.trace), names);
  } catch (error) {
    if (error instanceof UnusableCase) return [error.message];
    throw error;
  }
}

function compare(expect: Expectation, found: Explanation, names: readonly string[]): string[] {
  const failures: string[] = [];
  const silent = silentRoutes(expect, names);
  for (const name of [...silent, ...Object.keys(expect.to)]) {
    if (!names.includes(name)) failures.push(`there is no route \`${name}\`; routes: ${names.join(', ') || 'none'}`);
  }
  for (const event of found.events) {
    for (const route of event.routes) {
      const where = whereOf(event, route);
      if (silent.includes(route.route) && route.request !== undefined) {
        failures.push(`${where}: expected nothing, but it gets ${route.request.method} ${hostOf(route.request)}`);
      }
      const expected = expect.to[route.route];
      // A fault of the gateway sends nothing either, but a case that expects no request does not mean that.
      if (route.outcome === 'failed' && expected?.outcome !== 'failed')
        failures.push(`${where}: failed: ${route.reason?.words}`);
    }
    for (const [name, decisions] of Map.groupBy(event.routes, ({ route }) => route)) {
      const expected = expect.to[name];
      const where = whereOf(event, decisions[0] as ExplainedRoute);
      if (expected !== undefined)
        failures.push(...compareRoute(expected, decisions).map((failure) => `${where}: ${failure}`));
    }
    if (expect.signals !== undefined) failures.push(...compareLists('signals in force', expect.signals, event.signals));
  }
  for (const name of Object.keys(expect.to)) {
    if (names.includes(name) && !found.events.some(({ routes }) => routes.some(({ route }) => route === name))) {
      failures.push(`${name}: no event of this request is offered to it`);
    }
  }
  return [...failures, ...compareCookies(expect.set_cookies, found.setCookies)];
}

function silentRoutes({ nothing_to: silent }: Expectation, names: readonly string[]): readonly string[] {
  if (silent === undefined) return [];
  if (silent === 'anybody') return names;
  return typeof silent === 'string' ? [silent] : silent;
}

function whereOf({ name }: { readonly name: string }, { route }: ExplainedRoute): string {
  return `${name} -> ${route}`;
}

/** @param decisions one decision, or one for each rule that applies */
function compareRoute(expected: RouteExpectation, decisions: readonly ExplainedRoute[]): string[] {
  const failures = decisions.flatMap((found) => compareEnd(expected, found));
  const applied = decisions.flatMap(({ rule }) => rule?.place ?? []);
  if (expected.rules !== undefined)
    failures.push(...compareLists('rules that apply', expected.rules.map(String), applied.map(String)));
  const { contains, lacks, no_trace_of: traceless, keys } = expected;
  if ([contains, lacks, traceless, keys].every((list) => list === undefined)) return failures;
  const requests = decisions.flatMap(({ request }) => request ?? []);
  const [found] = decisions;
  if (requests.length === 0) return [...failures, `gets no request: ${found?.outcome}${found && because(found)}`];
  const wire = requests.map(wireText).join('\n');
  for (const text of contains ?? [])
    if (!wire.includes(text)) failures.push(`the request does not contain \`${text}\``);
  const holds = (shapes: readonly string[]) => shapes.some((shape) => wire.includes(shape));
  for (const text of lacks ?? []) if (holds(encodings(text))) failures.push(`the request contains \`${text}\``);
  for (const text of traceless ?? []) {
    if (holds([...encodings(text), ...hashes(text)])) failures.push(`the request has a trace of \`${text}\``);
  }
  const keysFound = [...new Set(requests.flatMap(keysOf))];
  if (keys !== undefined) failures.push(...compareLists('keys of the request', keys, keysFound));
  return failures;
}

function compareEnd(expected: RouteExpectation, found: ExplainedRoute): string[] {
  const failures: string[] = [];
  for (const key of ['verdict', 'outcome', 'reason'] as const) {
    const is = key === 'reason' ? found.reason?.code : found[key];
    if (expected[key] !== undefined && expected[key] !== is) {
      failures.push(`${key} is ${is ?? 'none'}, expected ${expected[key]}${because(found)}`);
    }
  }
  return failures;
}

/** The words of the reason, in brackets. */
function because({ reason }: ExplainedRoute): string {
  return reason === undefined ? '' : ` (${reason.words})`;
}

function compareCookies(expected: Expectation['set_cookies'], found: readonly string[]): string[] {
  if (expected === undefined) return [];
  if (expected === 'none')
    return found.length === 0 ? [] : [`expected no cookies, but sets ${found.map(nameOf).join(', ')}`];
  const all = found.join('\n');
  return [
    ...(expected.contains ?? [])
      .filter((text) => !all.includes(text))
      .map((text) => `no cookie set contains \`${text}\``),
    ...(expected.lacks ?? []).filter((text) => all.includes(text)).map((text) => `a cookie set contains \`${text}\``),
  ];
}

function nameOf(cookie: string): string {
  return cookie.slice(0, cookie.indexOf('='));
}

function hostOf({ url }: ShownRequest): string {
  return url.split('/')[2] ?? url;
}

/** Everything that would be sent, as it is and with percent-encoding decoded. */
function wireText({ url, headers, body }: ShownRequest): string {
  const raw = [url, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`), body ?? ''].join('\n');
  return `${raw}\n${decoded(raw)}`;
}

/** Sequences that cannot be decoded stay unchanged. */
function decoded(text: string): string {
  return text.replaceAll('+', ' ').replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}

/** The forms in which a value could leave (requirements, T0). */
function encodings(text: string): string[] {
  const base64 = btoa(String.fromCharCode(...new TextEncoder().encode(text))).replaceAll('=', '');
  return [text, encodeURIComponent(text), base64];
}

function hashes(text: string): string[] {
  return [sha256Hex(text), sha256Hex(text.trim().toLowerCase())];
}

function keysOf({ url, body }: ShownRequest): string[] {
  const keys = new Set(new URL(url).searchParams.keys());
  if (body?.startsWith('{') === true) collectKeys(JSON.parse(body), keys);
  return [...keys].sort();
}

function collectKeys(value: unknown, keys: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) keys.add(key);
    collectKeys(inner, keys);
  }
}

function compareLists(what: string, expected: readonly string[], found: readonly string[]): string[] {
  const missing = expected.filter((item) => !found.includes(item));
  const extra = found.filter((item) => !expected.includes(item));
  if (missing.length + extra.length === 0) return [];
  const parts = [
    ...(missing.length > 0 ? [`missing ${missing.join(', ')}`] : []),
    ...(extra.length > 0 ? [`not expected ${extra.join(', ')}`] : []),
  ];
  return [`${what}: ${parts.join('; ')}`];
}
