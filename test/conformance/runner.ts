import { randomInt } from 'node:crypto';
import { ask, type Answer, type Ask } from '../support/ask.ts';
import type { Recorder } from '../support/recorder.ts';
import type { Case, ExpectedCookie } from './format.ts';
import { singles, type Single } from './split.ts';
import { differences, expand, type Moment } from './template.ts';

/** A gateway under test, and the sink its requests arrive at. */
export interface Target {
  readonly url: string;
  readonly recorder: Recorder;
}

export interface Result {
  readonly id: string;
  readonly why: string;
  /** What differs; empty = it conforms. */
  readonly problems: readonly string[];
}

/** Requests in flight. */
const ABREAST = 8;
/** How long expected requests may take, milliseconds. */
const PATIENCE = 20_000;
/** How long it must stay quiet once all that was expected has come, milliseconds. */
const QUIET = 700;
/** Token endpoints: requests about no event. */
const TOKENS = new Set(['oauth2.googleapis.com']);
/** What every request is about, in one of its texts. */
const MARK = /case-([a-z]{2}\d{4})/;
/** Headers by which a visitor could be known; they never reach a vendor. */
const NEVER = ['cookie', 'referer', 'origin', 'x-forwarded-for', 'forwarded', 'x-real-ip', 'true-client-ip'];

/** Sends every case's request and compares what arrives at the sink, and in the answer, with what is expected. */
export async function runCases(cases: readonly Case[], { url, recorder }: Target): Promise<readonly Result[]> {
  const run = String.fromCharCode(97 + randomInt(26), 97 + randomInt(26));
  const sent = new Map<string, { of: Case; moment: Moment; answer: Answer; asked: Ask }>();
  const from = recorder.requests.length;
  const queue = cases.entries();
  await Promise.all(
    Array.from({ length: ABREAST }, async () => {
      for (const [i, of] of queue) {
        const n = `${run}${String(i).padStart(4, '0')}`;
        const moment: Moment = { n, at: Date.now(), words: of.words };
        const asked = written(of, moment);
        sent.set(n, { of, moment, asked, answer: await taken(url, asked) });
      }
    }),
  );
  const found = await collect(recorder, from, sent);
  const results = [...sent].map(([n, { of, moment, answer, asked }]) => ({
    id: of.id,
    why: of.why,
    problems: compare(of, moment, answer, asked, found.get(n) ?? []),
  }));
  const strays = found.get('')?.map(({ to, path }) => `${to}${path} belongs to no case`) ?? [];
  return strays.length === 0
    ? results
    : [...results, { id: 'strays', why: 'nothing but what is asked for', problems: strays }];
}

/** How often a request is sent again that the gateway had no room for: it says that nothing was kept, and when to come. */
const AGAIN = 3;

async function taken(url: string, asked: Ask): Promise<Answer> {
  for (let times = 0; ; times++) {
    const answer = await ask(url, asked);
    const seconds = Number(answer.headers['retry-after']);
    if (answer.status !== 503 || !(seconds <= 2) || times === AGAIN) return answer;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

/** The request of a case, with its placeholders replaced. */
function written({ request }: Case, moment: Moment): Ask {
  const text = (template: string) => expand(template, moment);
  const pairs = (record: Readonly<Record<string, string>>) =>
    new URLSearchParams(Object.entries(record).map(([key, value]) => [key, text(value)])).toString();
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = text(value);
  const cookies = Object.entries(request.cookies).map(([name, value]) => `${text(name)}=${text(value)}`);
  if (cookies.length > 0) headers['cookie'] = cookies.join('; ');
  const query = pairs(request.query);
  const path = text(request.path) + (query === '' ? '' : `?${query}`);
  if (request.lines !== undefined) {
    return { method: request.method, path, headers, body: request.lines.map(pairs).join('\r\n') };
  }
  if (request.body === undefined) return { method: request.method, path, headers };
  const body = typeof request.body === 'string' ? request.body : JSON.stringify(request.body);
  return { method: request.method, path, headers, body: text(body) };
}

type Sent = ReadonlyMap<string, { readonly of: Case }>;

/** What arrived, by case; `''` = by none. Waits until all that is expected is there and nothing more comes. */
async function collect(recorder: Recorder, from: number, sent: Sent): Promise<ReadonlyMap<string, readonly Single[]>> {
  const end = Date.now() + PATIENCE;
  let seen = -1;
  let quietSince = Date.now();
  for (;;) {
    const arrived = recorder.requests.slice(from);
    if (arrived.length !== seen) {
      seen = arrived.length;
      quietSince = Date.now();
    }
    const found = byCase(arrived.filter(({ host }) => !TOKENS.has(host)).flatMap(singles));
    const complete = [...sent].every(([n, { of }]) => (found.get(n)?.length ?? 0) >= of.expect.requests.length);
    const quiet = Date.now() - quietSince >= QUIET;
    if ((complete && quiet) || Date.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function byCase(requests: readonly Single[]): Map<string, Single[]> {
  const found = new Map<string, Single[]>();
  for (const request of requests) {
    const n = MARK.exec(JSON.stringify([request.path, request.query, request.body]))?.[1] ?? '';
    const list = found.get(n);
    if (list === undefined) found.set(n, [request]);
    else list.push(request);
  }
  return found;
}

function compare(of: Case, moment: Moment, answer: Answer, asked: Ask, came: readonly Single[]): string[] {
  const { expect } = of;
  const problems: string[] = [];
  if (answer.status !== expect.status) problems.push(`status: expected ${expect.status}, got ${answer.status}`);
  const left = [...came];
  for (const wanted of expect.requests) {
    const name = `${wanted.to}${wanted.path}`;
    const candidates = left.map((single) => ({ single, found: unlike(single, wanted, moment) }));
    const best = candidates
      .filter(({ single }) => single.to === wanted.to)
      .toSorted((a, b) => a.found.length - b.found.length)[0];
    if (best === undefined) {
      problems.push(`${name}: no request`);
      continue;
    }
    problems.push(...best.found.map((what) => `${name}: ${what}`));
    left.splice(left.indexOf(best.single), 1);
  }
  for (const { to, path } of left) problems.push(`${to}${path}: must get nothing`);
  const agent = asked.headers?.['user-agent'];
  for (const { to, headers } of came) {
    for (const name of NEVER) if (headers[name] !== undefined) problems.push(`${to}: header ${name}`);
    if (agent !== undefined && headers['user-agent'] === agent) problems.push(`${to}: the visitor's own user agent`);
  }
  if (expect.set_cookie !== undefined) problems.push(...compareCookies(answer.setCookies, expect.set_cookie, moment));
  return problems;
}

function unlike(single: Single, wanted: Case['expect']['requests'][number], moment: Moment): string[] {
  const headers = Object.keys(wanted.headers);
  return [
    ...(single.method === wanted.method || wanted.method === 'any' ? [] : [`method ${single.method}`]),
    ...differences(single.path, wanted.path, moment, 'path'),
    ...differences(single.query, wanted.query, moment, 'query'),
    ...headers.flatMap((name) =>
      differences(single.headers[name.toLowerCase()], wanted.headers[name], moment, `header ${name}`),
    ),
    ...(wanted.body === undefined && single.body === undefined
      ? []
      : differences(single.body, wanted.body, moment, 'body')),
  ];
}

function compareCookies(lines: readonly string[], expected: readonly ExpectedCookie[], moment: Moment): string[] {
  const came = lines.map((line) => {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const attribute = (name: string) =>
      attributes.find((text) => text.toLowerCase().startsWith(name))?.slice(name.length);
    return {
      name: pair.slice(0, pair.indexOf('=')),
      value: pair.slice(pair.indexOf('=') + 1),
      maxAge: Number(attribute('max-age=')),
      domain: attribute('domain='),
      httpOnly: attribute('httponly') !== undefined,
    };
  });
  const problems: string[] = [];
  for (const { name, value, max_age: age, slack, domain, http_only: httpOnly } of expected) {
    const own = came.filter((cookie) => cookie.name === name);
    const fits = own.some(
      (cookie) =>
        differences(cookie.value, value, moment).length === 0 &&
        cookie.maxAge <= age &&
        cookie.maxAge >= age - slack &&
        (domain === undefined || cookie.domain === domain) &&
        (httpOnly === undefined || cookie.httpOnly === httpOnly),
    );
    if (!fits) problems.push(`Set-Cookie ${name}: expected ${age} s, got ${JSON.stringify(own)}`);
  }
  for (const { name } of came) {
    if (!expected.some((cookie) => cookie.name === name)) problems.push(`Set-Cookie ${name}: must not be there`);
  }
  return problems;
}
