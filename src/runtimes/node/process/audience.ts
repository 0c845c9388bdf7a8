import { saidOfEach } from '../../../delivery/ends.ts';
import type { Ports, Watcher } from '../../../http/ports.ts';
import { Preview, showTrace, type Show } from '../../../http/preview.ts';
import type { ServeOptions } from './serve-options.ts';

/** The viewers: of the preview of this process, or of the process with the admin listener. */
export class Audience {
  readonly preview: Preview;
  readonly #options: Pick<ServeOptions, 'show' | 'stopped' | 'watcher'>;

  /** @param watch called with true when the first preview of this process is opened, with false when the last one is closed */
  constructor(options: Pick<ServeOptions, 'show' | 'stopped' | 'watcher'>, watch: (watched: boolean) => void) {
    this.preview = new Preview(watch);
    this.#options = options;
  }

  /** Sends to the open previews; undefined while there are none. */
  get show(): Show | undefined {
    return this.preview.watcher ?? this.#options.show?.();
  }

  /** Reports which routes wait for a person, with the reason. */
  tellStopped(stopped: Parameters<typeof saidOfEach>[0]): void {
    const routes = saidOfEach(stopped);
    this.preview.stoppedIn(0, routes);
    this.#options.stopped?.(routes);
  }

  /** Is told of every accepted trace. */
  readonly watcher: Ports['watcher'] = (): Watcher | undefined => {
    const [show, outside] = [this.show, this.#options.watcher?.()];
    if (show === undefined) return outside;
    return (trace) => {
      showTrace(trace, show);
      outside?.(trace);
    };
  };
}
