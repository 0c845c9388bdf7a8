import { createHash, randomBytes } from 'node:crypto';
import { Shown, type OpenedWindow, type WindowId, type WindowStore } from '../../../ledger/windows.ts';
import { NoRoom, WriteRefused, type Broker, type Following, type StoredMessage } from '../../../outbox/nats/broker.ts';
import type { Names } from '../../../outbox/nats/names.ts';
import type { Seal } from '../../../outbox/nats/seal.ts';

/** So long before a window ends, the key of the next one is made: no gateway has to wait for it, milliseconds. */
const AHEAD_MS = 60_000;
/** What visitors have shown, in one message. */
const PER_MESSAGE = 2_000;

/** A visitor's number in this window, and what it has shown. */
type Showing = readonly [cell: string, visitor: string];

export interface SharedWindowsOptions {
  /** Undefined = there is no connection yet. */
  readonly broker: () => Broker | undefined;
  readonly names: Names;
  readonly seal: Seal;
  /** Of this gateway, and nobody else's. */
  readonly node: string;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** A window that this gateway has asked for. */
interface Wanted {
  readonly id: WindowId;
  /** What it is called by the brokers. */
  readonly word: string;
  /** The message that brought its key: another one says that the brokers have lost everything meanwhile. */
  message?: Uint8Array;
  key?: Uint8Array;
  opened?: { -readonly [K in keyof OpenedWindow]: OpenedWindow[K] };
  following?: Following;
  /** What was shown here: all of it, and how much of it the others have been told. */
  readonly shown: Showing[];
  told: number;
}

/**
 * Windows whose keys and counts several gateways have in common. They are in a stream that is in the brokers' memory only,
 * and each message ends with its window. The first gateway that asks makes the key; a gateway that cannot ask has none.
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
   * Asks for keys, and tells what was shown here: to be called every so often, one call at a time.
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

  /** What the brokers have is the key; where they have none, it is the one that is known here, else a new one. */
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
      // Another gateway was faster: the next look finds its key.
      return;
    }
    this.#take(broker, window, key, data);
  }

  #take(broker: Broker, window: Wanted, key: Uint8Array, message: Uint8Array): void {
    // It was closed while the brokers were asked.
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
      (heard) => this.#hear(window, heard),
      () => {},
    );
  }

  #countsOf({ id, shown }: Wanted): Shown {
    return new Shown(id.settings.rareBelow, (cell, visitor) => shown.push([cell, visitor]));
  }

  /** The others' gateways count it, too. Told again after a failure, it counts once. */
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

  #hear({ opened }: Wanted, { subject, data }: StoredMessage): void {
    const text = this.#options.seal.open(data, subject);
    for (const [cell, visitor] of showingsIn(text)) opened?.shown.hear(cell, visitor);
  }
}

/** What a window is called by the brokers: gateways with other settings have another one. */
function wordOf(site: string, { bits, window, rareBelow }: WindowId['settings'], began: number): string {
  return digest(JSON.stringify([site, bits, window, rareBelow, began]));
}

/** What was shown counts under the key with which the visitors' numbers were made, and under no other. */
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
