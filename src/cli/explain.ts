import { randomBytes } from 'node:crypto';
import { compileGateway } from '../config/compile/index.ts';
import { explain, type ExplainedEvent, type ExplainedRoute, type Explanation } from '../config/cases/explanation.ts';
import { hitOf, type WrittenRequest } from '../config/cases/request.ts';
import { NO_SECRETS } from '../config/compile/secrets.ts';
import type { SecretRef } from '../core/secret.ts';
import { secretValue } from '../runtimes/node/process/gateway-source.ts';
import { trialWindows } from '../config/cases/trial-windows.ts';
import { decideRequest } from '../decide/request.ts';
import type { Gateway } from '../policy/gateway.ts';
import { unlistedOf, unlistedWords } from '../http/unlisted.ts';
import type { Problem, HitRemark } from '../protocols/hit.ts';
import { FINDINGS, FINE, readArgs, UNUSABLE, UsageError } from './args.ts';
import { curlRequest } from './curl.ts';
import { readConfig } from './read-config.ts';
import { readText } from './read-text.ts';
import { readRequests } from './written-request.ts';

/** `portvakt explain`: what becomes of a request, by the same function that serving uses. Nothing is sent or stored. */
export async function run(args: string[]): Promise<number> {
  // All that follows `curl` is for curl, so a command copied from a browser can be pasted unchanged.
  const curlAt = args.indexOf('curl');
  const words = curlAt === -1 ? [] : args.slice(curlAt + 1);
  const { values, positionals } = readArgs(
    curlAt === -1 ? args : args.slice(0, curlAt + 1),
    { json: { type: 'boolean' }, entry: { type: 'string' }, at: { type: 'string' } },
    ['config.yaml', 'request'],
  );
  const [configPath = '', requestPath = ''] = positionals;
  const loaded = readConfig(configPath);
  if (loaded === undefined) return UNUSABLE;
  // Keys of back ends, where this machine has them: then the request of a back end can be explained as it was sent.
  const secrets = { ...NO_SECRETS, value: (ref: SecretRef) => secretValue(ref) ?? NO_SECRETS.value(ref) };
  const gateway = compileGateway(loaded.config, secrets);
  const written = requestPath === 'curl' ? [curlRequest(words)] : readRequests(readText(requestPath));
  const chosen = choose(written, values.entry, gateway);
  const at = values.at === undefined ? Date.now() : Date.parse(values.at);
  if (Number.isNaN(at)) throw new UsageError('--at takes a time such as 2026-11-20T10:00:00Z');
  const results = chosen.map((request) =>
    explainRequest(request, values.at === undefined ? (request.at ?? at) : at, gateway),
  );
  if (values.json === true) console.log(JSON.stringify(results.length === 1 ? results[0] : results, null, 2));
  else console.log(results.map(show).join('\n\n'));
  return results.some((result) => 'problem' in result) ? FINDINGS : FINE;
}

/** The entry of a HAR with this number, or all entries for this gateway. */
function choose(
  written: readonly WrittenRequest[],
  entry: string | undefined,
  gateway: Gateway,
): readonly WrittenRequest[] {
  if (entry !== undefined) {
    const one = written[Number(entry) - 1];
    if (one === undefined) throw new UsageError(`--entry takes a number from 1 to ${written.length}`);
    return [one];
  }
  if (written.length === 1) return written;
  const ours = written.filter(({ url }) => {
    const parsed = URL.parse(url);
    // A request with a fixed answer is not read, so there is nothing to explain.
    const does = parsed === null ? undefined : gateway.doors(parsed.pathname)?.door.does;
    return parsed !== null && gateway.siteOf.has(parsed.hostname) && typeof does === 'string';
  });
  if (ours.length > 0) return ours;
  throw new UsageError(`none of the ${written.length} requests goes to this gateway; choose one with --entry`);
}

type Result =
  | (Explanation & {
      readonly request: string;
      /** False: this path only validates, so nothing is stored or sent. */
      readonly kept: boolean;
      /** What is wrong with it, where its protocol says more than which event is invalid. */
      readonly remarks: readonly HitRemark[];
      /** Consent platforms that are not configured although their record is there. */
      readonly unlistedPlatforms: readonly string[];
    })
  | { readonly request: string; readonly problem: Problem };

function explainRequest(request: WrittenRequest, at: number, gateway: Gateway): Result {
  if (URL.parse(request.url) === null) throw new UsageError('the request has no usable URL');
  const { at: _, ...rest } = request;
  const hit = hitOf(rest, at, randomBytes(16).toString('hex'));
  const name = `${hit.method} ${hit.host}${hit.path}`;
  const done = decideRequest(hit, gateway, trialWindows(gateway, hit));
  if ('problem' in done) return { request: name, problem: done.problem };
  const kept = gateway.doors(hit.path)?.door.does === 'store';
  return {
    request: name,
    ...explain(done.trace),
    kept,
    remarks: done.remarks ?? [],
    unlistedPlatforms: unlistedOf(done.trace),
  };
}

function show(result: Result): string {
  if ('problem' in result) {
    const { status, title, detail } = result.problem;
    return `${result.request}\n  refused: ${status} ${title}\n  ${detail}`;
  }
  const lines = [`${result.request}  (site ${result.site}, read as ${result.source})`];
  if (!result.kept) lines.push('  this path only looks at events: nothing is stored or sent');
  if (result.unknownStream) lines.push('  no route has this measurement id: counted, answered 204, sent nowhere');
  if (result.unknownKeys > 0) lines.push(`  ${result.unknownKeys} unknown keys dropped`);
  for (const { what, times } of result.leftOut) lines.push(`  ${times > 1 ? `${times} times ` : ''}${what}`);
  for (const { at, says } of result.remarks) lines.push(`  ${at}: ${says}`);
  for (const platform of result.unlistedPlatforms) lines.push(`  ${unlistedWords(platform)}`);
  for (const event of result.events) lines.push('', ...showEvent(event).map((line) => `  ${line}`));
  lines.push('', ...list('  cookies set', result.setCookies));
  if (result.withdrawn > 0)
    lines.push(
      `  consent withdrawn: what is stored under ${result.withdrawn} id(s) of this visitor and no longer allowed is purged`,
    );
  return lines.join('\n').trimEnd();
}

function list(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [`${title}: none`] : [`${title}:`, ...items.map((item) => `    ${item}`)];
}

function showEvent({ name, invalid, consent, signals, interest, routes }: ExplainedEvent): string[] {
  const words = (list: readonly string[]) => list.join(', ') || 'nothing';
  return [
    `event ${name}`,
    ...(invalid === undefined ? [] : [`  invalid   ${invalid}`]),
    `  consent   granted ${words(consent.granted)}${consent.at === undefined ? '' : `, chosen ${consent.at}`}`,
    ...(consent.refused.length > 0 ? [`            refused ${words(consent.refused)}`] : []),
    ...(consent.withheld.length > 0 ? [`            withheld ${words(consent.withheld)}`] : []),
    ...(consent.conflict ? ['            sources disagree: the most restrictive wins'] : []),
    ...consent.evidence.flatMap(({ source, cookies, status, note, advice, unknownServices }) => [
      `  evidence  ${source}${cookies === undefined || cookies === '' ? '' : ` (${cookies})`}: ${status}${note === '' ? '' : ` - ${note}`}`,
      ...(advice === undefined ? [] : [`            ${advice}`]),
      ...(unknownServices.length === 0
        ? []
        : [
            `            services that belong to no route: ${unknownServices.join(', ')}`,
            '            write which routes they stand for: `consent.services: { <name>: [<routes>] }`, `[]` for none',
          ]),
    ]),
    ...(consent.evidence.length === 0 ? ['  evidence  none: no readable choice'] : []),
    `  in force  ${words(signals.map((signal) => (interest.includes(signal) ? `${signal} (legitimate interest)` : signal)))}`,
    '',
    ...table(routes).map((line) => `  ${line}`),
    ...routes.flatMap((route) => ['', ...showRoute(route)]),
  ];
}

/** A reason's words, with its code for searching. */
function why(reason: ExplainedRoute['reason']): string | undefined {
  return reason === undefined ? undefined : `${reason.words} (${reason.code})`;
}

/** Route, verdict, outcome and reason in columns. */
function table(routes: readonly ExplainedRoute[]): string[] {
  const rows = [
    ['route', 'verdict', 'outcome', 'why'],
    ...routes.map(({ route, verdict, outcome, rule, reason, missing }) => [
      route,
      verdict,
      outcome,
      [
        ...(rule === undefined ? [] : [`rule ${rule.place}`]),
        why(reason),
        ...(reason?.code !== 'blocked.consent' && missing.length > 0 ? [`lacks ${missing.join(', ')}`] : []),
      ]
        .filter((text) => text !== undefined)
        .join('; '),
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function showRoute({ route, rule, passed, reduced, dropped, request }: ExplainedRoute): string[] {
  const notes = (fields: ExplainedRoute['reduced']) => {
    const byReason = Map.groupBy(fields, ({ why }) => why);
    return [...byReason].map(([why, group]) => `${group.map(({ field }) => field).join(', ')}  (${why})`);
  };
  return [
    route,
    ...(rule === undefined ? [] : [`  rule ${rule.place}    ${rule.words}`]),
    `  passed    ${passed.join(', ') || 'nothing'}`,
    ...notes(reduced).map((note) => `  reduced   ${note}`),
    ...notes(dropped).map((note) => `  dropped   ${note}`),
    ...(request === undefined
      ? []
      : [
          `  request   ${request.method} ${request.url}`,
          ...Object.entries(request.headers).map(([name, value]) => `            ${name}: ${value}`),
          ...(request.body === undefined ? [] : [`            ${request.body}`]),
        ]),
  ];
}
