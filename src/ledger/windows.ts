import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Gateway, Site } from '../policy/gateway.ts';
import { NO_WINDOWS, type IdWindow, type IdWindows, type ReplacedIds } from '../privacy/replaced-id.ts';
import type { Account } from './account.ts';

/** The windows of all sites that replace ids (R4, R7): in memory only. */
export interface Windows {
  /**
   * The windows in force at a time, unix milliseconds. Those that have ended are destroyed first, keys and counts. A site
   * whose key cannot be had is not among them.
   */
  readonly at: (gateway: Gateway, at: number) => IdWindows;
  /** Whether there is a window for every site that replaces ids: without one, nothing of its visitors can be sent. */
  readonly complete: (gateway: Gateway, at: number) => boolean;
  /** Counts which visitors have which traits. Only ids that are sent count, so visitors without consent do not. */
  readonly count: (account: Account) => void;
}

/** A window of a site, and the settings it began with. */
export interface WindowId {
  readonly site: string;
  readonly settings: ReplacedIds;
  /** Unix milliseconds, both. */
  readonly began: number;
  readonly ends: number;
}

/** What belongs to a window: its key, and what its visitors have shown. */
export interface OpenedWindow {
  /** 32 random bytes; they are overwritten after use. */
  readonly key: Uint8Array;
  readonly shown: Shown;
  /** Another key is in its place. */
  readonly replaced?: boolean;
}

/** Where windows are opened: here alone, or together with other gateways. */
export interface WindowStore {
  /** Undefined = its key cannot be had now. */
  readonly open: (window: WindowId) => OpenedWindow | undefined;
  /** It has ended: nothing of it is kept. */
  readonly close: (window: WindowId) => void;
  /** Another number when another `open` may answer otherwise than before. */
  readonly version: number;
}

/** Beyond this many different browsers, languages and countries the rest counts as rare: memory is bounded (R75). */
const MOST_CELLS = 2_000;

/**
 * Windows of this process alone: a restart begins new ones.
 * @param randomKey gives 32 fresh random bytes
 */
export function createWindows(randomKey: () => Uint8Array): Windows {
  return windowsIn({
    open: ({ settings }) => ({ key: randomKey(), shown: new Shown(settings.rareBelow) }),
    close: () => {},
    version: 0,
  });
}

export function windowsIn(store: WindowStore): Windows {
  const open = new Map<string, OpenWindow>();
  let gateway: Gateway | undefined;
  let until = Number.POSITIVE_INFINITY;
  let version = store.version;

  const turn = (next: Gateway, at: number): void => {
    gateway = next;
    until = Number.POSITIVE_INFINITY;
    version = store.version;
    const wanted = new Map(next.sites.map((site) => [site.name, site.privacy.replacedIds]));
    for (const [name, window] of open) {
      const { id, opened } = window;
      const over = at >= id.ends || !sameWindow(id.settings, wanted.get(name));
      if (!over && opened.replaced !== true) continue;
      window.destroy();
      open.delete(name);
      if (over) store.close(id);
    }
    for (const { name, privacy } of next.sites) {
      if (privacy.replacedIds === undefined) continue;
      const known = open.get(name);
      const id = known?.id ?? idOf(name, privacy.replacedIds, at);
      until = Math.min(until, id.ends);
      const opened = known === undefined ? store.open(id) : undefined;
      if (opened !== undefined) open.set(name, new OpenWindow(id, opened));
    }
  };

  const at: Windows['at'] = (next, now) => {
    if (next !== gateway || now >= until || version !== store.version) turn(next, now);
    return open.size === 0 ? NO_WINDOWS : open;
  };

  return {
    at,
    complete: (next, now) => {
      const windows = at(next, now);
      return next.sites.every(({ name, privacy }) => privacy.replacedIds === undefined || windows.has(name));
    },
    count({ site, events }) {
      const window = siteWindow(open, site);
      if (window === undefined) return;
      for (const { visitor } of events) if (visitor !== undefined) window.count(visitor.cells, visitor.id);
    },
  };
}

function siteWindow(open: ReadonlyMap<string, OpenWindow>, site: Site): OpenWindow | undefined {
  return site.privacy.replacedIds === undefined ? undefined : open.get(site.name);
}

/** A configuration that is read again begins a new window only if its settings for windows have changed. */
function sameWindow(before: ReplacedIds, now: ReplacedIds | undefined): boolean {
  return now?.bits === before.bits && now.window === before.window && now.rareBelow === before.rareBelow;
}

function idOf(site: string, settings: ReplacedIds, at: number): WindowId {
  const began = at - (at % settings.window);
  return { site, settings, began, ends: began + settings.window };
}

/** Which visitors of a window have shown what. */
export class Shown {
  readonly #rareBelow: number;
  readonly #told: (cell: string, visitor: string) => void;
  /** The visitors of a cell, by the numbers that replace their ids; `true` = enough. */
  readonly #cells = new Map<string, Set<string> | true>();

  /** @param told called with each value that is new and counts */
  constructor(rareBelow: number, told: (cell: string, visitor: string) => void = () => {}) {
    this.#rareBelow = rareBelow;
    this.#told = told;
  }

  isCommon(cell: string): boolean {
    return this.#cells.get(cell) === true;
  }

  /** A visitor has shown this here. */
  add(cell: string, visitor: string): void {
    if (this.hear(cell, visitor)) this.#told(cell, visitor);
  }

  /** A visitor has shown this, here or elsewhere; false = it was known, or makes no difference. */
  hear(cell: string, visitor: string): boolean {
    const seen = this.#cells.get(cell);
    if (seen === true || seen?.has(visitor) === true) return false;
    if (seen === undefined && this.#cells.size >= MOST_CELLS) return false;
    const all = seen ?? new Set();
    all.add(visitor);
    this.#cells.set(cell, all.size >= this.#rareBelow ? true : all);
    return true;
  }

  clear(): void {
    this.#cells.clear();
  }
}

class OpenWindow implements IdWindow {
  readonly id: WindowId;
  readonly opened: OpenedWindow;
  readonly #prepared: ReturnType<typeof hmac.create>;

  constructor(id: WindowId, opened: OpenedWindow) {
    this.id = id;
    this.opened = opened;
    this.#prepared = hmac.create(sha256, opened.key);
    opened.key.fill(0);
  }

  get began(): number {
    return this.id.began;
  }

  /** Throws once the window has ended. */
  readonly hash = (text: string): Uint8Array => this.#prepared.clone().update(utf8ToBytes(text)).digest();

  readonly isCommon = (cell: string): boolean => this.opened.shown.isCommon(cell);

  count(cells: readonly string[], visitor: string): void {
    for (const cell of cells) this.opened.shown.add(cell, visitor);
  }

  destroy(): void {
    this.#prepared.destroy();
    this.opened.shown.clear();
  }
}
