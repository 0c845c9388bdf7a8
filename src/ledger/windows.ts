import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Gateway, Site } from '../policy/gateway.ts';
import { NO_WINDOWS, type IdWindow, type IdWindows, type ReplacedIds } from '../privacy/replaced-id.ts';
import type { Account } from './account.ts';

/** The windows of all sites that replace ids (R4, R7): in memory only, so that a restart begins new ones. */
export interface Windows {
  /** The windows in force at a time, unix milliseconds. Those that have ended are destroyed first, keys and counts. */
  readonly at: (gateway: Gateway, at: number) => IdWindows;
  /** Counts which visitors have which traits. Only ids that are sent count, so visitors without consent do not. */
  readonly count: (account: Account) => void;
}

/** Beyond this many different browsers, languages and countries the rest counts as rare: memory is bounded (R75). */
const MOST_CELLS = 2_000;

/** @param randomKey gives 32 fresh random bytes; they are overwritten here after use */
export function createWindows(randomKey: () => Uint8Array): Windows {
  const open = new Map<string, OpenWindow>();
  let gateway: Gateway | undefined;
  let until = Number.POSITIVE_INFINITY;

  const turn = (next: Gateway, at: number): void => {
    gateway = next;
    until = Number.POSITIVE_INFINITY;
    const wanted = new Map(next.sites.map((site) => [site.name, site.privacy.replacedIds]));
    for (const [name, window] of open) {
      if (at < window.ends && sameWindow(window.settings, wanted.get(name))) continue;
      window.destroy();
      open.delete(name);
    }
    for (const { name, privacy } of next.sites) {
      if (privacy.replacedIds === undefined) continue;
      const window = open.get(name) ?? new OpenWindow(privacy.replacedIds, at, randomKey());
      open.set(name, window);
      until = Math.min(until, window.ends);
    }
  };

  return {
    at(next, at) {
      if (next !== gateway || at >= until) turn(next, at);
      return open.size === 0 ? NO_WINDOWS : open;
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

class OpenWindow implements IdWindow {
  readonly settings: ReplacedIds;
  readonly began: number;
  readonly ends: number;
  readonly #prepared: ReturnType<typeof hmac.create>;
  /** The visitors of a cell, by the numbers that replace their ids; `true` = enough. */
  readonly #cells = new Map<string, Set<string> | true>();

  constructor(settings: ReplacedIds, at: number, key: Uint8Array) {
    this.settings = settings;
    this.began = at - (at % settings.window);
    this.ends = this.began + settings.window;
    this.#prepared = hmac.create(sha256, key);
    key.fill(0);
  }

  /** Throws once the window has ended. */
  readonly hash = (text: string): Uint8Array => this.#prepared.clone().update(utf8ToBytes(text)).digest();

  readonly isCommon = (cell: string): boolean => this.#cells.get(cell) === true;

  count(cells: readonly string[], visitor: string): void {
    for (const cell of cells) {
      const seen = this.#cells.get(cell);
      if (seen === true) continue;
      if (seen === undefined) {
        if (this.#cells.size < MOST_CELLS) this.#cells.set(cell, new Set([visitor]));
        continue;
      }
      seen.add(visitor);
      if (seen.size >= this.settings.rareBelow) this.#cells.set(cell, true);
    }
  }

  destroy(): void {
    this.#prepared.destroy();
    this.#cells.clear();
  }
}
