import { createHash, randomBytes } from 'node:crypto';
import { Shown, type OpenedWindow, type WindowId, type WindowStore } from '../../../ledger/windows.ts';
import { NoRoom, WriteRefused, type Broker, type Following, type StoredMessage } from '../../../outbox/nats/broker.ts';
import type { Names } from '../../../outbox/nats/names.ts';
import type { Seal } from '../../../outbox/nats/seal.ts';

/** How long before the end of a window the key of the next one is made, so that no gateway waits for it, milliseconds. */
const AHEAD_MS = 60_000;
/** The highest number of shown values in one message. */
const PER_MESSAGE = 2_000;

/** A shown value (its cell), and the number of the visitor in this window. */
type Showing = readonly [cell: string, visitor: string];

export interface SharedWindowsOptions {
  /** Undefined = there is no connection yet. */
  readonly broker: () => Broker | undefined;
  readonly names: Names;
  readonly seal: Seal;
  /** The id of this gateway; no other gateway has it. */
  readonly node: string;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** A window that this gateway needs. */
interface Wanted {
  readonly id: WindowId;
  /** Its name at the brokers. */
  readonly word: string;
  /** The message with its key. If another message is found later, the brokers have lost their content meanwhile. */
  message?: Uint8Array;
  key?: Uint8Array;
  opened?: { -readonly [K in keyof OpenedWindow]: OpenedWindow[K] };
  following?: Following;
  /** All values shown here; `told`: how many of them were sent to the other gateways. */
  readonly shown: Showing[];
  told: number;
}

/**
 * Windows whose keys and counts several gateways share. They are in a stream that is only in the brokers' memory, and the
 * brokers delete each message when its window ends. The first gateway that needs a key makes it. A gateway that cannot
 * reach the brokers has no key.
 */
export class SharedWindows implements WindowStore {
  readonly #options: SharedWindowsOptions;
  readonly #wanted = new Map<string, Wanted>();
  #messages = 0;
  version = 0;

  constructor(options: SharedWindowsOptions) {
    this.#options = options;
  }

  /** Whether any site replaces ids. */
  get wanted(): boolean {
    return this.#wanted.size > 0;
  }

  open(id: WindowId): OpenedWindow | undefined {
    return this.#want(id).opened;
  }

  close({ site, settings, began }: WindowId): void {
    const word = wordOf(site, settings, began);
    const window = this.#wanted.get(word);
    if (window === undefined) return;
    this.#wanted.delete(word);
    window.following?.stop();
    window.key?.fill(0);
    window.opened?.key.fill(0);
    window.shown.length = 0;
  }

  /**
   * Reads or makes keys, and sends the values shown here. To be called regularly, one call at a time.
   * @throws NoAnswer
   */
  async look(): Promise<void> {
    const broker = this.#options.broker();
    if (broker === undefined) return;
    const now = this.#options.now();
    for (const { id } of this.#wanted.values())
      if (now >= id.ends) this.close(id);
      else if (id.began <= now && id.ends - now < AHEAD_MS)
        this.#want({ ...id, began: id.ends, ends: id.ends + id.settings.window });
    for (const window of this.#wanted.values()) {
      await this.#agree(broker, window);
      await this.#tell(broker, window);
    }
  }

  stop(): void {
    for (const { id } of this.#wanted.values()) this.close(id);
  }

  #want(id: WindowId): Wanted {
    const word = wordOf(id.site, id.settings, id.began);
    let window = this.#wanted.get(word);
    if (window === undefined) {
      window = { id, word, shown: [], told: 0 };
      this.#wanted.set(word, window);
    }
    return window;
  }

  /** The brokers' key counts. If they have none, this gateway writes its own key, or else a new one. */
  async #agree(broker: Broker, window: Wanted): Promise<void> {
    const { names, seal, now } = this.#options;
    const subject = names.windowKey(window.word);
    const [found] = await broker.last(names.windows, [subject]);
    if (found !== undefined) {
      if (window.message !== undefined && Buffer.compare(window.message, found.data) === 0) return;
      const text = seal.open(found.data, subject);
      if (text !== undefined) this.#take(broker, window, Buffer.from(text, 'base64'), found.data);
      return;
    }
    const key = window.key ?? randomBytes(32);
    const data = seal.seal(Buffer.from(key).toString('base64'), subject, now());
    try {
      await broker.write(names.windows, [{ subject, data, expected: 0, ttlMs: window.id.ends - now() }]);
    } catch (error) {
      if (!(error instanceof WriteRefused) && !(error instanceof NoRoom)) throw error;
      // Another gateway was faster: the next call reads its key.
      return;
    }
    this.#take(broker, window, key, data);
  }

  #take(broker: Broker, window: Wanted, key: Uint8Array, message: Uint8Array): void {
    // The window was closed while the brokers were asked.
    if (this.#wanted.get(window.word) !== window) return;
    const same = window.key !== undefined && Buffer.compare(window.key, key) === 0;
    window.message = message;
    window.told = 0;
    if (!same) {
      if (window.opened !== undefined) window.opened.replaced = true;
      window.shown.length = 0;
      window.key = Uint8Array.from(key);
      window.opened = { key: Uint8Array.from(key), shown: this.#countsOf(window) };
      key.fill(0);
      this.version++;
    }
    window.following?.stop();
    const { names } = this.#options;
    const all = names.windowShown(shownWord(window), '>');
    window.following = broker.follow(
      names.windows,
      [all],
      (message) => this.#receive(window, message),
      () => {},
    );
  }

  #countsOf({ id, shown }: Wanted): Shown {
    return new Shown(id.settings.rareBelow, (cell, visitor) => shown.push([cell, visitor]));
  }

  /** Sends shown values to the other gateways, which count them. Values that are sent twice count once. */
  async #tell(broker: Broker, window: Wanted): Promise<void> {
    const { names, seal, node, now } = this.#options;
    while (window.key !== undefined && window.told < window.shown.length) {
      const some = window.shown.slice(window.told, window.told + PER_MESSAGE);
      const subject = names.windowShown(shownWord(window), `${node}-${this.#messages++}`);
      const data = seal.seal(JSON.stringify(some), subject, now());
      await broker.write(names.windows, [{ subject, data, ttlMs: window.id.ends - now() }]);
      window.told += some.length;
    }
  }

  #receive({ opened }: Wanted, { subject, data }: StoredMessage): void {
    const text = this.#options.seal.open(data, subject);
    for (const [cell, visitor] of showingsIn(text)) opened?.shown.hear(cell, visitor);
  }
}

/** The name of a window at the brokers: gateways with other settings have another window. */
function wordOf(site: string, { bits, window, rareBelow }: WindowId['settings'], began: number): string {
  return digest(JSON.stringify([site, bits, window, rareBelow, began]));
}

/** The name under which shown values are stored. It depends on the key, because the visitors' numbers are made with it. */
function shownWord({ word, key }: Wanted): string {
  return digest(`${word} ${Buffer.from(key ?? []).toString('base64')}`);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}

function showingsIn(text: string | undefined): readonly Showing[] {
  if (text === undefined) return [];
  try {
    const showings: unknown = JSON.parse(text);
    return Array.isArray(showings) ? (showings as Showing[]) : [];
  } catch {
    return [];
  }
}
