import type { PreviewMessage } from '../../../http/preview.ts';
import type { MetricData } from './metrics.ts';
import { startGateway, type RunningGateway } from './serve.ts';
import type { ServeOptions } from './serve-options.ts';
import { Unusable } from './unusable.ts';

/** One of several processes behind one port (`serve --processes N`); `processes.ts` starts and stops it. */

/** Messages of the supervisor. */
export type ToMember =
  | { readonly kind: 'start'; readonly options: ServeOptions }
  | { readonly kind: 'metrics'; readonly id: number }
  /** Whether a preview is open. */
  | { readonly kind: 'watched'; readonly watched: boolean }
  | { readonly kind: 'reload' }
  | { readonly kind: 'stop' };

/** Messages of a process. */
export type FromMember =
  | { readonly kind: 'listening'; readonly url: string }
  /** The process cannot start: the configuration cannot be used, or a system call failed with this code. */
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined }
  | { readonly kind: 'metrics'; readonly id: number; readonly data: MetricData }
  | { readonly kind: 'preview'; readonly message: PreviewMessage }
  /** Routes that wait for a person, with the reason. */
  | { readonly kind: 'stopped'; readonly routes: Readonly<Record<string, string>> };

let gateway: RunningGateway | undefined;
let watched = false;

function tell(message: FromMember): void {
  // The supervisor may have ended: then this process ends soon, too.
  if (process.connected) process.send?.(message, () => {});
}

/** The most messages of the preview on their way; a viewer loses the messages above that. */
const MOST_SHOWN = 256;
let onTheirWay = 0;

function show(message: PreviewMessage): void {
  if (onTheirWay >= MOST_SHOWN || !process.connected) return;
  onTheirWay++;
  process.send?.({ kind: 'preview', message } satisfies FromMember, () => onTheirWay--);
}

async function start(options: ServeOptions): Promise<void> {
  try {
    gateway = await startGateway({
      ...options,
      show: () => (watched ? show : undefined),
      stopped: (routes) => tell({ kind: 'stopped', routes }),
    });
    gateway.watch(watched);
    tell({ kind: 'listening', url: gateway.url });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    tell({ kind: 'failed', message: error instanceof Unusable ? message : 'cannot start', code });
    process.exitCode = 1;
    process.disconnect();
  }
}

async function stop(): Promise<void> {
  await gateway?.stop();
  process.exit(0);
}

function hear(message: ToMember): void {
  switch (message.kind) {
    case 'start':
      void start(message.options);
      return;
    case 'metrics':
      void gateway?.metrics.data().then(
        (data) => tell({ kind: 'metrics', id: message.id, data }),
        () => tell({ kind: 'metrics', id: message.id, data: [] }),
      );
      return;
    case 'watched':
      watched = message.watched;
      gateway?.watch(watched);
      return;
    case 'reload':
      gateway?.reload();
      return;
    case 'stop':
      void stop();
  }
}

if (import.meta.main && process.send !== undefined) {
  // A terminal sends the signal to the whole group; the supervisor decides when to stop.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('message', hear);
  process.on('disconnect', () => void stop());
}
