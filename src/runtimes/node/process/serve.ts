import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { Log } from '../../../delivery/drain.ts';
import { createApp } from '../../../http/app.ts';
import { frontOf } from '../../../http/front.ts';
import type { Ports } from '../../../http/ports.ts';
import { createRateLimit } from '../../../http/rate-limit.ts';
import { Refusals } from '../../../http/refusals.ts';
import { Unlisted, unlistedWords } from '../../../http/unlisted.ts';
import { Counters } from '../../../ledger/counters.ts';
import { Decisions } from '../../../ledger/decisions.ts';
import { createWindows, windowsIn, type Windows } from '../../../ledger/windows.ts';
import { withdrawnSinceIn } from '../../../outbox/sql/withdrawn-since.ts';
import type { Route } from '../../../policy/gateway.ts';
import type { WindowSharing } from '../nats/window-sharing.ts';
import { createListener, rawTarget, toHit } from '../http/listener.ts';
import { watchLoad } from '../http/overload.ts';
import { keepIdle } from '../http/sockets.ts';
import { Audience } from './audience.ts';
import { Configuration } from './configuration.ts';
import { lockData, lockMember, type DataLock } from './data-lock.ts';
import { keepDecisions } from './decisions.ts';
import { adminListener, close, limitConnections, listen, urlOf } from './listeners.ts';
import { createLog, type JsonLog } from './log.ts';
import type { Snapshot } from './metric-family.ts';
import type { Metrics } from './metrics.ts';
import { Outboxes } from './outboxes.ts';
import { demandPrivate, makePrivately } from './private-files.ts';
import { sayRefusals, sumRefusals } from './refusal-summary.ts';
import type { ServeOptions } from './serve-options.ts';
import { stopOnSignals } from './signals.ts';
import { version } from './version.ts';
import { watchForFaults, watchForSilence } from './watch-hits.ts';

export interface RunningGateway {
  readonly url: string;
  /** Empty where another process has the admin listener. */
  readonly adminUrl: string;
  readonly metrics: Metrics;
  /** Reads the configuration file again. */
  readonly reload: () => void;
  readonly routes: () => readonly Route[];
  /** Whether somebody looks at the preview of another process. */
  readonly watch: (watched: boolean) => void;
  /** Resolves with the exit code once everything has stopped. */
  readonly stopped: Promise<number>;
  readonly stop: () => Promise<void>;
}

/** The parts of a gateway before it listens. */
interface Parts {
  readonly options: ServeOptions;
  readonly log: JsonLog;
  readonly configuration: Configuration;
  readonly lock: DataLock;
  readonly audience: Audience;
  readonly outboxes: Outboxes;
  readonly counters: Counters;
  readonly decisions: Decisions;
  readonly windows: Windows;
  /** Undefined = no other gateway has a part in them. */
  readonly sharing: WindowSharing | undefined;
  readonly refusals: Refusals;
  readonly load: ReturnType<typeof watchLoad>;
  /** It was told to stop: it is not ready any more, and still answers. */
  stopping: boolean;
}

/** Its listeners; another process may have the admin listener. */
interface Listeners {
  readonly site: Server;
  readonly admin: Server | undefined;
}

/** Starts everything: delivery first, so that stored events are sent; the listeners last. */
export async function startGateway(options: ServeOptions): Promise<RunningGateway> {
  const parts = await startParts(options);
  const { log, configuration, lock, outboxes } = parts;
  const { member } = options;
  const metrics = metricsOf(() => snapshotOf(parts));
  const listeners = createListeners(parts, metrics);
  try {
    configuration.keepPolicy();
    await listen(listeners.site, options.listen, member !== undefined);
    if (listeners.admin !== undefined) await listen(listeners.admin, options.admin as string);
  } catch (error) {
    await Promise.all([outboxes.stop(), parts.sharing?.stop()]);
    listeners.site.close();
    lock.release();
    throw error;
  }

  const reload = (): void =>
    configuration.reload(
      (source) => outboxes.reload(source),
      (gateway) => keepIdle(listeners.site, gateway.trustedProxies.length > 0),
    );
  const unwatch = options.watchFile ? watchConfiguration(parts, reload) : undefined;
  const chores = startChores(parts);
  const { promise: stopped, resolve: finish } = Promise.withResolvers<number>();
  let unlisten = (): void => {};
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      parts.stopping = true;
      const { drainMs = 0 } = options;
      if (drainMs > 0) log.info('stopping: /readyz answers 503, hits are still answered', { ms: drainMs });
      else log.info('stopping: no new connections; hits under way are stored');
      unwatch?.();
      await stopParts(parts, listeners, chores);
      // Until then a second signal ends the process at once.
      unlisten();
      finish(0);
    })());
  const url = urlOf(listeners.site);
  const adminUrl = listeners.admin === undefined ? '' : urlOf(listeners.admin);
  if (member === undefined) {
    unlisten = stopOnSignals(stop);
    log.info('listening', { url });
    log.info('admin listening', { url: adminUrl });
  }
  return {
    url,
    adminUrl,
    metrics,
    reload,
    routes: () => configuration.gateway.sites.flatMap((site) => site.routes),
    watch: (watched) => outboxes.watch(watched),
    stopped,
    stop,
  };
}

/** Reads the configuration, takes the data directory and starts delivering what is in it. */
async function startParts(options: ServeOptions): Promise<Parts> {
  const log = createLog();
  makePrivately();
  demandPrivate(options.data);
  const configuration = new Configuration(options, log);
  const { member, data } = options;
  const lock = member === undefined ? lockData(data) : lockMember(data, member.index);
  let outboxes: Outboxes | undefined;
  const audience = new Audience(options, (watched) => outboxes?.watch(watched));
  const tellStopped = (): void => {
    if (outboxes !== undefined) audience.tellStopped(outboxes.stopped);
  };
  const delivery = {
    source: configuration.source,
    nats: configuration.nats,
    dir: data,
    sink: options.sink,
    version: version(),
    log: (level, msg, fields) => (level === 'debug' ? undefined : log[level](msg, fields)),
    ended: (record) => audience.show?.({ kind: 'ended', record }),
    stoppedChanged: tellStopped,
  } satisfies Parameters<typeof Outboxes.start>[0];
  try {
    outboxes = await Outboxes.start(delivery, member);
  } catch (error) {
    lock.release();
    throw error;
  }
  tellStopped();
  const { own } = outboxes;
  const sharing = await sharingOf(configuration, delivery.log);
  const windows = sharing === undefined ? createWindows(() => randomBytes(32)) : windowsIn(sharing.store);
  // Those that a site needs are there when the first hit comes, if the brokers answer.
  windows.at(configuration.gateway, Date.now());
  await sharing?.look();
  const counters = new Counters();
  return {
    options,
    log,
    configuration,
    lock,
    audience,
    outboxes,
    counters,
    decisions: new Decisions(),
    windows,
    sharing,
    refusals: new Refusals(counters, () => {
      const { show } = audience;
      return show && ((record) => show({ kind: 'refused', record }));
    }),
    load: watchLoad(() => own.delay),
    stopping: false,
  };
}

/** Loaded only where events wait in brokers. */
async function sharingOf({ nats }: Configuration, log: Log): Promise<WindowSharing | undefined> {
  if (nats === undefined) return undefined;
  const { WindowSharing: Sharing } = await import('../nats/window-sharing.ts');
  return new Sharing(nats, log);
}

/** What the public listener works with. */
function portsOf(parts: Parts): Ports {
  const { options, log, configuration, audience, outboxes, counters, decisions, windows, refusals, load } = parts;
  return {
    gateway: () => configuration.gateway,
    outbox: outboxes.own,
    stopping: () => parts.stopping,
    stopped: () => Object.keys(outboxes.stopped).length,
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
    withdrawnSince: withdrawnSinceIn(options.data, () => configuration.gateway),
    watcher: audience.watcher,
  };
}

function createListeners(parts: Parts, metrics: Metrics): Listeners {
  const { options, log, configuration, audience, counters, refusals } = parts;
  const ports = portsOf(parts);
  const front = frontOf(ports);
  const app = createApp(ports, front);
  options.extend?.(app);
  const site = createListener(app, front, (code) => refusals.count('', code));
  limitConnections(site, counters, log);
  keepIdle(site, configuration.gateway.trustedProxies.length > 0);
  const admin =
    options.admin === undefined ? undefined : adminListener(metrics.text, audience.preview, options.adminToken, log);
  return { site, admin };
}

async function snapshotOf(parts: Parts): Promise<Snapshot> {
  const { options, configuration, outboxes, counters, windows, stopping } = parts;
  return {
    counters,
    gateway: configuration.gateway,
    deliveries: await outboxes.reports(),
    version: version(),
    sink: options.sink !== undefined,
    ready: !stopping && outboxes.own.ready && windows.complete(configuration.gateway, Date.now()),
    reloads: configuration.reloads,
  };
}

/** Reads the configuration again when the file changes, and on SIGHUP; the returned function ends that. */
function watchConfiguration({ options, configuration }: Parts, reload: () => void): () => void {
  if (options.member === undefined) process.on('SIGHUP', reload);
  const unwatch = configuration.watchFile(reload);
  return () => {
    unwatch();
    process.off('SIGHUP', reload);
  };
}

/** Regular work while a gateway runs. */
interface Chores {
  readonly timers: readonly NodeJS.Timeout[];
  readonly record: ReturnType<typeof keepDecisions>;
}

function startChores({ options, log, configuration, counters, decisions, windows, refusals }: Parts): Chores {
  const gateway = () => configuration.gateway;
  // A window that has ended is destroyed even if no hit comes.
  const windowEnds = setInterval(() => windows.at(gateway(), Date.now()), 60_000).unref();
  const record = keepDecisions({
    decisions,
    dir: join(options.data, 'decisions'),
    keep: () => gateway().delivery.decisions,
    log,
  });
  const summary = sumRefusals(refusals, log);
  return {
    timers: [windowEnds, summary, watchForSilence(counters, gateway, log), watchForFaults(counters, log)],
    record,
  };
}

/** Ends it in order: no new hits, what was decided is recorded, what is in flight is delivered or stays stored. */
async function stopParts(
  { options: { drainMs }, log, lock, outboxes, refusals, load, sharing }: Parts,
  { site, admin }: Listeners,
  chores: Chores,
) {
  await Promise.all([close(site, drainMs), admin === undefined ? undefined : close(admin, drainMs)]);
  for (const timer of chores.timers) clearInterval(timer);
  load.stop();
  sayRefusals(refusals, log);
  chores.record.stop();
  await Promise.all([outboxes.stop(), sharing?.stop()]);
  lock.release();
  log.info('stopped');
}

const SHARED_ACCOUNT =
  'limits.per_client counts addresses, and all requests came from addresses inside: if they come by a proxy, all visitors share one account; name it in server.trusted_proxies';

/** Metrics, made when they are first asked for. Until then nothing watches the event loop and the garbage collector. */
function metricsOf(look: () => Promise<Snapshot>): Metrics {
  let made: Promise<Metrics> | undefined;
  const metrics = (): Promise<Metrics> =>
    (made ??= import('./metrics.ts').then(({ createMetrics }) => createMetrics(look)));
  return {
    text: async () => (await metrics()).text(),
    data: async () => (await metrics()).data(),
  };
}
