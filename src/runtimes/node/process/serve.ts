import { randomBytes } from 'node:crypto';
import { readFileSync, watchFile, unwatchFile } from 'node:fs';
import { join } from 'node:path';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Hono } from 'hono';
import type { Finding } from '../../../config/lint/finding.ts';
import { createAdmin } from '../../../http/admin.ts';
import { createApp } from '../../../http/app.ts';
import { frontOf } from '../../../http/front.ts';
import type { Ports } from '../../../http/ports.ts';
import { Counters } from '../../../ledger/counters.ts';
import { Decisions } from '../../../ledger/decisions.ts';
import { Preview, showTrace, type Show } from '../../../http/preview.ts';
import { Refusals } from '../../../http/refusals.ts';
import { Unlisted, unlistedWords } from '../../../http/unlisted.ts';
import { createRateLimit } from '../../../http/rate-limit.ts';
import { createWindows } from '../../../ledger/windows.ts';
import { saidOfEach } from '../../../delivery/ends.ts';
import type { Gateway, Route } from '../../../policy/gateway.ts';
import { lockData, lockMember } from './data-lock.ts';
import { startDelivery, type Delivery } from '../delivery/delivery.ts';
import { GATEWAY_SOURCE } from '../delivery/delivery-thread.ts';
import { keepDecisions } from './decisions.ts';
import { rootKey } from './keys.ts';
import { createListener, rawTarget, toHit } from '../http/listener.ts';
import { createLog, type Log } from './log.ts';
import type { Reloads, Snapshot } from './metric-family.ts';
import type { DeliveryReport, Metrics } from './metrics.ts';
import { keepPolicy } from './policies.ts';
import { demandPrivate, makePrivately } from './private-files.ts';
import { ADMIN_CONNECTIONS, keepIdle, MOST_CONNECTIONS, mostConnections } from '../http/sockets.ts';
import { orphans, outboxName } from '../../../outbox/sql/outbox-names.ts';
import { watchLoad } from '../http/overload.ts';
import { sayRefusals, sumRefusals } from './refusal-summary.ts';
import { readGateway, type ReadGateway } from './read-gateway.ts';
import { withdrawnSinceIn } from '../../../outbox/sql/withdrawn-since.ts';
import { Unusable } from './unusable.ts';
import { version } from './version.ts';

/** How a gateway is started. */
export interface ServeOptions {
  /** The configuration's text, and the file it came from. */
  readonly text: string;
  readonly file: string;
  /** `host:port` of the public listener. */
  readonly listen: string;
  /** `host:port` of the admin listener; undefined where another process has it. */
  readonly admin: string | undefined;
  /** Demanded by the admin listener; undefined on loopback. */
  readonly adminToken?: string | undefined;
  /** Data directory: outbox and keys. */
  readonly data: string;
  /** Loopback address that gets every outgoing request in the vendors' place. */
  readonly sink?: string | undefined;
  /** Reload when the file changes, and on SIGHUP. */
  readonly watchFile: boolean;
  /** One of several processes that share the port and the data directory; without it, the only one. */
  readonly member?: Member;
  /** Who is told of every accepted trace, beside the preview; undefined while nobody is. */
  readonly watcher?: Ports['watcher'];
  /** Who is told what the preview would be, where another process has it; undefined while nobody looks. */
  readonly show?: () => Show | undefined;
  /** Who is told which routes wait for a person, where another process has the admin listener. */
  readonly stopped?: (routes: Readonly<Record<string, string>>) => void;
  /** Adds pages to the public listener. */
  readonly extend?: (app: Hono) => void;
}

/** Which of how many processes this is, counted from 0. Signals are its supervisor's business. */
export interface Member {
  readonly index: number;
  readonly count: number;
}

export interface RunningGateway {
  readonly url: string;
  /** Empty where another process has the admin listener. */
  readonly adminUrl: string;
  readonly metrics: Metrics;
  /** Reads the configuration file anew. */
  readonly reload: () => void;
  readonly routes: () => readonly Route[];
  /** Whether somebody looks at the preview of another process. */
  readonly watch: (watched: boolean) => void;
  /** Resolves with the exit code once everything has stopped. */
  readonly stopped: Promise<number>;
  readonly stop: () => Promise<void>;
}

/** How long busy connections have for their last request before no new ones are taken, milliseconds. */
const LAST_WORD = 200;
/** Milliseconds for requests in flight, then for deliveries in flight, at a graceful stop (R61: 10 s together). */
const FINISH_REQUESTS = 4_000;
/** How often the file is looked at, milliseconds. */
const WATCH_INTERVAL = 1_000;
/** How often faults are said, milliseconds. */
const FAULTS_EVERY = 60_000;
/** Hits without a single readable consent after which the operator is told. */
const SILENT_HITS = 1_000;

/** Starts everything: delivery first, so that what was left goes out; the listeners last. */
export async function startGateway(options: ServeOptions): Promise<RunningGateway> {
  const log = createLog();
  makePrivately();
  demandPrivate(options.data);
  const key = rootKey(options.data);
  const note = (finding: Finding): void => logFinding(finding, log);
  const read = (text: string): ReadGateway =>
    readGateway({ text, file: options.file, sink: options.sink !== undefined, rootKey: key }, note);
  const first = read(options.text);
  let { gateway } = first;
  const keep = ({ gateway: { policy }, policy: text }: ReadGateway): void => {
    try {
      keepPolicy(options.data, policy, text);
    } catch (error) {
      log.warn(
        'the text of the policy could not be kept: lines of the decision log will name a hash nobody can look up',
        { code: (error as NodeJS.ErrnoException).code ?? 'unknown' },
      );
    }
  };
  const { member } = options;
  const lock = member === undefined ? lockData(options.data) : lockMember(options.data, member.index);
  const own = outboxName(member);
  const left = orphans(options.data, member);
  /** Another one once everything is there that it asks. */
  let tellStopped = (): void => {};
  const startOutbox = (name: string): Promise<Delivery> =>
    startDelivery({
      source: { module: GATEWAY_SOURCE, input: first.input },
      dir: options.data,
      name,
      sink: options.sink,
      shared: member !== undefined || left.length > 0,
      version: version(),
      log: (level, msg, fields) => (level === 'debug' ? undefined : log[level](msg, fields)),
      ended: (record) => shown()?.({ kind: 'ended', record }),
      stoppedChanged: () => tellStopped(),
    });
  const started = Promise.all([own, ...left].map(startOutbox));
  started.catch(lock.release);
  const [delivery, ...adopted] = (await started) as [Delivery, ...Delivery[]];
  const counters = new Counters();
  const decisions = new Decisions();
  const watch = (watched: boolean): void => {
    for (const outbox of [delivery, ...adopted]) outbox.watch(watched);
  };
  const preview = new Preview(watch);
  const stoppedRoutes = (): Delivery['stopped'] =>
    Object.assign({}, ...[delivery, ...adopted].map((outbox) => outbox.stopped)) as Delivery['stopped'];
  tellStopped = () => {
    const routes = saidOfEach(stoppedRoutes());
    preview.stoppedIn(0, routes);
    options.stopped?.(routes);
  };
  tellStopped();
  const shown = (): Show | undefined => preview.watcher ?? options.show?.();
  const windows = createWindows(() => randomBytes(32));
  const load = watchLoad(() => delivery.delay);
  const refusals = new Refusals(counters, () => {
    const show = shown();
    return show && ((record) => show({ kind: 'refused', record }));
  });
  const ports: Ports = {
    gateway: () => gateway,
    outbox: delivery,
    stopped: () => Object.keys(stoppedRoutes()).length,
    toHit,
    target: rawTarget,
    overloaded: load.overloaded,
    counters,
    rateLimit: createRateLimit(
      () => randomBytes(32),
      () => log.warn(SHARED_ACCOUNT),
    ),
    refusals,
    unlisted: new Unlisted((site, platform) => log.warn(unlistedWords(platform), { site, code: 'unlisted_platform' })),
    windows,
    decisions,
    withdrawnSince: withdrawnSinceIn(options.data, () => gateway),
    watcher: () => {
      const [show, outside] = [shown(), options.watcher?.()];
      if (show === undefined) return outside;
      return (trace) => {
        showTrace(trace, show);
        outside?.(trace);
      };
    },
  };
  const front = frontOf(ports);
  const app = createApp(ports, front);
  options.extend?.(app);
  const publicServer = createListener(app, front, (code) => refusals.count('', code));
  let reloads: Reloads = { succeeded: 0, failed: 0, good: true, at: Date.now() };
  const metrics = metricsOf(async () => ({
    counters,
    gateway,
    deliveries: await reportsOf([delivery, ...adopted]),
    version: version(),
    sink: options.sink !== undefined,
    ready: delivery.ready,
    reloads,
  }));
  limitConnections(publicServer, counters, log);
  keepIdle(publicServer, gateway.trustedProxies.length > 0);
  const adminServer =
    options.admin === undefined ? undefined : adminListener(metrics.text, preview, options.adminToken, log);
  const stopDelivery = (): Promise<unknown> => Promise.all([delivery, ...adopted].map((outbox) => outbox.stop()));
  try {
    keep(first);
    await listen(publicServer, options.listen, member !== undefined);
    if (adminServer !== undefined) await listen(adminServer, options.admin as string);
  } catch (error) {
    await stopDelivery();
    publicServer.close();
    lock.release();
    throw error;
  }

  const reloadNow = async (): Promise<void> => {
    try {
      const next = read(readFileSync(options.file, 'utf8'));
      const source = { module: GATEWAY_SOURCE, input: next.input };
      await Promise.all([delivery, ...adopted].map((outbox) => outbox.reload(source)));
      ({ gateway } = next);
      keep(next);
      keepIdle(publicServer, gateway.trustedProxies.length > 0);
      reloads = { ...reloads, succeeded: reloads.succeeded + 1, good: true, at: Date.now() };
      log.info('configuration reloaded', { file: options.file });
    } catch (error) {
      reloads = { ...reloads, failed: reloads.failed + 1, good: false };
      log.error('the configuration on disk cannot be used; the one before stays in force', {
        file: options.file,
        reason: error instanceof Unusable ? error.message : ((error as NodeJS.ErrnoException).code ?? 'unreadable'),
      });
    }
  };
  // One after the other, so that the last one read is the one that stays.
  let reloading = Promise.resolve();
  const reload = (): void => {
    reloading = reloading.then(reloadNow);
  };
  if (options.watchFile) {
    if (member === undefined) process.on('SIGHUP', reload);
    watchFile(options.file, { interval: WATCH_INTERVAL, persistent: false }, reload);
  }
  // A window that has ended is destroyed also where no hit comes to end it.
  const windowEnds = setInterval(() => windows.at(gateway, Date.now()), 60_000).unref();
  const record = keepDecisions({
    decisions,
    dir: join(options.data, 'decisions'),
    keep: () => gateway.delivery.decisions,
    log,
  });
  const summary = sumRefusals(refusals, log);
  const silence = watchForSilence(counters, () => gateway, log);
  const faults = watchForFaults(counters, log);

  let finish: (code: number) => void = () => {};
  const stopped = new Promise<number>((resolve) => {
    finish = resolve;
  });
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      log.info('stopping: no new connections, storing what is in flight');
      unwatchFile(options.file, reload);
      process.off('SIGHUP', reload);
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
      clearInterval(silence);
      clearInterval(faults);
      clearInterval(summary);
      clearInterval(windowEnds);
      load.stop();
      await Promise.all([close(publicServer), adminServer === undefined ? undefined : close(adminServer)]);
      sayRefusals(refusals, log);
      record.stop();
      await stopDelivery();
      lock.release();
      log.info('stopped');
      finish(0);
    })());
  const onSignal = (): void => {
    // A second signal means now.
    process.once('SIGTERM', () => process.exit(1));
    process.once('SIGINT', () => process.exit(1));
    void stop();
  };
  const url = urlOf(publicServer);
  const adminUrl = adminServer === undefined ? '' : urlOf(adminServer);
  if (member === undefined) {
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    log.info('listening', { url });
    log.info('admin listening', { url: adminUrl });
  }
  return {
    url,
    adminUrl,
    metrics,
    reload,
    routes: () => gateway.sites.flatMap((site) => site.routes),
    watch,
    stopped,
    stop,
  };
}

const SHARED_ACCOUNT =
  'limits.per_client counts addresses, and all requests came from addresses inside: if they come by a proxy, all visitors share one account; name it in server.trusted_proxies';

/** Refuses connections before they take the descriptors that files and vendors need, and more memory than there is. */
function limitConnections(server: Server, counters: Counters, log: Log): void {
  const most = mostConnections();
  server.maxConnections = most;
  const say = summed((count) => log.warn(tooManyConnections(most), { count }));
  server.on('drop', () => {
    counters.connectionsRefused++;
    say();
  });
}

function tooManyConnections(most: number): string {
  const remedy = most < MOST_CONNECTIONS ? 'raise the limit of descriptors (`ulimit -n`)' : 'start more `--workers`';
  return `more connections than this process takes were refused, ${most} were open: ${remedy}`;
}

/** Gathers what happens often: `tell` hears of it at once, and then once a minute how often it happened in between. */
function summed(tell: (count: number) => void): () => void {
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    timer = count === 0 ? undefined : setTimeout(look, 60_000).unref();
    if (count > 0) tell(count);
    count = 0;
  };
  return () => {
    count++;
    if (timer === undefined) look();
  };
}

/** The listener of `createAdmin`. */
export function adminListener(
  metrics: () => Promise<string>,
  preview: Preview,
  token: string | undefined,
  log: Log,
): Server {
  const refused = summed((count) =>
    log.warn('admin listener: requests refused (wrong or missing token, a strange host, another site)', { count }),
  );
  const server = createListener(createAdmin({ metrics, preview, token, refused }));
  server.maxConnections = ADMIN_CONNECTIONS;
  return server;
}

function logFinding({ file, line, column, code, kind, message }: Finding, log: Log): void {
  const say = kind === 'warning' ? log.warn : log.info;
  say(message, { file, line, column, code });
}

/** What outboxes report; one whose thread is being started again is left out. */
async function reportsOf(outboxes: readonly Delivery[]): Promise<readonly DeliveryReport[]> {
  const reports = await Promise.all(outboxes.map((outbox) => outbox.report().catch(() => undefined)));
  return reports.filter((report) => report !== undefined);
}

/** Metrics, made when they are first asked for: until then nobody pays for watching the event loop and the collector. */
function metricsOf(look: () => Promise<Snapshot>): Metrics {
  let made: Promise<Metrics> | undefined;
  const metrics = (): Promise<Metrics> =>
    (made ??= import('./metrics.ts').then(({ createMetrics }) => createMetrics(look)));
  return {
    text: async () => (await metrics()).text(),
    data: async () => (await metrics()).data(),
  };
}

/** Says once a minute what a fault of the gateway's own kept from being sent, and where it was: nothing of the events. */
export function watchForFaults({ faults }: Counters, log: Pick<Log, 'error'>): NodeJS.Timeout {
  const said = new Map<string, number>();
  return setInterval(() => {
    for (const [place, count] of faults.values) {
      const news = count - (said.get(place) ?? 0);
      if (news === 0) continue;
      said.set(place, count);
      log.error('a fault of the gateway kept events from being sent', { code: place.replace('\t', ': '), count: news });
    }
  }, FAULTS_EVERY).unref();
}

/** Tells the operator when a site's hits never carry a consent: most often the cookie does not reach this host. */
function watchForSilence(counters: Counters, gateway: () => Gateway, log: Log): NodeJS.Timeout {
  const told = new Set<string>();
  return setInterval(() => {
    for (const { name } of gateway().sites) {
      const hits = counters.hits.values.get(name) ?? 0;
      if (hits < SILENT_HITS || told.has(name) || counters.readableConsent.values.has(name)) continue;
      told.add(name);
      log.warn(
        'no hit of this site has carried a readable consent cookie, so nothing is sent: check consent.cmp, and that the cookie reaches this host (a host-only cookie does not reach a subdomain)',
        { site: name, count: hits },
      );
    }
  }, 10_000).unref();
}

/** Listens at `host:port`; with `shared`, beside other processes that do. */
export function listen(server: Server, address: string, shared = false): Promise<void> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const place = { port: Number(address.slice(colon + 1)), host, backlog: 4096, reusePort: shared };
    server.listen(place, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

export function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/**
 * Answers who still asks, each on its last connection; then takes no new ones, lets requests in flight finish, and
 * closes what is left. Without that last word a busy client would keep its connection until it is cut, and a request
 * that is on its way when connections are closed would get no answer.
 */
export async function close(server: Server): Promise<void> {
  server.keepAliveTimeout = 1;
  server.prependListener('request', (_incoming, outgoing) => {
    outgoing.shouldKeepAlive = false;
  });
  await pause(LAST_WORD);
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), FINISH_REQUESTS);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    server.closeIdleConnections();
  });
}
