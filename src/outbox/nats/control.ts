import { EVERYBODY } from '../../delivery/held-withdrawals.ts';
import type { StorePolicy } from '../store-policy.ts';
import { lastOf, merge, type Tombstone } from '../tombstone.ts';
import { PATIENCE_MS } from './answering.ts';
import { NoAnswer, WriteRefused, type Broker, type Following, type StoredMessage } from './broker.ts';
import { loadIn, type HeldLoad } from './load.ts';
import type { Names } from './names.ts';
import { readTombstone, write } from './written.ts';

/** A gateway that has written nothing for this time delivers nothing any more: another one takes its parts, milliseconds. */
const SILENT_MS = 5_000;
const TRIES = 20;
/** The pause between two tries of a withdrawal that was not answered, milliseconds. */
const AGAIN_MS = 100;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface ControlOptions {
  readonly broker: Broker;
  readonly names: Names;
  readonly policy: () => StorePolicy;
  /** The id of this gateway; no other gateway has it. */
  readonly node: string;
  /** Monotonic milliseconds. */
  readonly tick: () => number;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** How long a withdrawal is kept, milliseconds. */
  readonly maxAge: () => number;
  /** How long a gateway may send after a proof that it has read all withdrawals, milliseconds. */
  readonly proofMs: number;
  /** The load of this gateway, which the others read. */
  readonly load: () => HeldLoad;
  /** Called with each withdrawal; `owned`: called when a part has another owner. */
  readonly withdrawn: (tombstone: Tombstone) => void;
  readonly owned: (part: number, node: string) => void;
}

/** Another gateway: when its last message was read, and its load. */
interface Node extends HeldLoad {
  /** Monotonic milliseconds. */
  readonly at: number;
}

interface KeptTombstone {
  readonly tombstone: Tombstone;
  readonly seq: number;
}

/**
 * What gateways share: withdrawals, which gateways run, and which of them delivers which part. All of it is in one
 * stream, in one order. A gateway proves that it has read everything: it writes a message to that stream, which most of
 * the brokers have to store, and waits until it reads this message. Then it has read every withdrawal that was written
 * before. It may send for `proofMs`, counted from the beginning of the write. A withdrawal is answered `proofMs` after it
 * is durable, so that no request begins after the answer.
 */
export class Control {
  readonly #options: ControlOptions;
  readonly #tombstones = new Map<number, KeptTombstone>();
  readonly #nodes = new Map<string, Node>();
  readonly #owners = new Map<number, { readonly node: string; readonly seq: number }>();
  #following: Following | undefined;
  #position = 0;
  #waiters: { readonly seq: number; readonly call: () => void }[] = [];
  #provenAt = Number.NEGATIVE_INFINITY;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #proving: Promise<boolean> | undefined;

  constructor(options: ControlOptions) {
    this.#options = options;
  }

  /** Whether this gateway has read every withdrawal that was answered as carried out. */
  get current(): boolean {
    return this.age < this.#options.proofMs;
  }

  /** Time since the last proof, milliseconds. */
  get age(): number {
    return this.#options.tick() - this.#provenAt;
  }

  /** Time since the brokers last accepted a write of this gateway, milliseconds. */
  get silentMs(): number {
    return this.#options.tick() - this.#answeredAt;
  }

  /** Whether a part is this gateway's for the brokers. */
  owns(part: number): boolean {
    return this.#owners.get(part)?.node === this.#options.node;
  }

  /** The gateways that run, this one included. */
  get alive(): readonly string[] {
    return [this.#options.node, ...this.#others().map(([name]) => name)];
  }

  /** The loads of the other gateways, as each of them last wrote it. */
  get loads(): readonly HeldLoad[] {
    return this.#others().map(([, load]) => load);
  }

  /** The gateway that delivers a part; undefined = none, or one that does not run any more. */
  ownerOf(part: number): string | undefined {
    const owner = this.#owners.get(part)?.node;
    return owner !== undefined && this.alive.includes(owner) ? owner : undefined;
  }

  /** Follows the stream; resolves when all messages that are there have been read. */
  start(): Promise<void> {
    const { broker, names } = this.#options;
    return new Promise((resolve) => {
      this.#following = broker.follow(
        names.control,
        [names.all('control')],
        (message) => this.#receive(message),
        resolve,
      );
    });
  }

  stop(): void {
    this.#following?.stop();
    for (const { call } of this.#waiters.splice(0)) call();
  }

  /** The withdrawals of these subjects of a site, and those of all its visitors. */
  withdrawnBy(subjects: readonly number[], site: string): Tombstone[] {
    const everybody = this.#options.policy().subjectKey(site, EVERYBODY) ?? Number.NaN;
    return [...subjects, everybody].flatMap((key) => this.#tombstones.get(key)?.tombstone ?? []);
  }

  /** Makes withdrawals durable. @throws NoAnswer */
  async withdraw(tombstones: readonly Tombstone[]): Promise<void> {
    const bySubject = Map.groupBy(tombstones, ({ subject }) => subject);
    await Promise.all([...bySubject.values()].map((all) => this.#withdraw(all.reduce(merge))));
  }

  /** Whether it could be proven that everything has been read. Calls during a proof get the result of that proof. */
  prove(): Promise<boolean> {
    this.#proving ??= this.#prove().finally(() => {
      this.#proving = undefined;
    });
    return this.#proving;
  }

  /** Takes a part that no gateway delivers; false = another gateway was faster. @throws NoAnswer */
  claim(part: number): Promise<boolean> {
    return this.#own(part, this.#options.node);
  }

  /** Tells the other gateways that this one stops. @throws NoAnswer */
  async leave(): Promise<void> {
    const { broker, names, node } = this.#options;
    const message = { subject: names.node(node), data: new Uint8Array(0), ttlMs: 10 * SILENT_MS };
    await broker.write(names.control, [message]);
  }

  /** Releases a part, so that another gateway can take it. @throws NoAnswer */
  async release(part: number): Promise<void> {
    await this.#own(part, '');
  }

  /** Removes withdrawals that can concern no later event, and gateways that have stopped long ago. */
  prune(): void {
    const { now, maxAge, tick } = this.#options;
    const before = now() - maxAge() - 3_600_000;
    for (const [key, { tombstone }] of this.#tombstones) if (lastOf(tombstone) < before) this.#tombstones.delete(key);
    for (const [node, { at }] of this.#nodes) if (tick() - at > 10 * SILENT_MS) this.#nodes.delete(node);
  }

  async #prove(): Promise<boolean> {
    const { broker, names, node, tick, load } = this.#options;
    const began = tick();
    const before = this.#provenAt;
    try {
      const ttlMs = 10 * SILENT_MS;
      const data = encoder.encode(JSON.stringify(load()));
      const seq = await broker.write(names.control, [{ subject: names.node(node), data, ttlMs }]);
      this.#answeredAt = tick();
      if (!(await this.#reached(seq, began + SILENT_MS))) return false;
    } catch (error) {
      if (error instanceof NoAnswer) return false;
      throw error;
    }
    // After a time without a proof this gateway cannot tell which others have been silent: it counts all as running.
    if (began - before > SILENT_MS / 2)
      for (const [name, known] of this.#nodes) this.#nodes.set(name, { ...known, at: tick() });
    this.#provenAt = began;
    return true;
  }

  async #reached(seq: number, until: number): Promise<boolean> {
    if (this.#position >= seq) return true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([
      new Promise<void>((call) => this.#waiters.push({ seq, call })),
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, Math.max(0, until - this.#options.tick()));
      }),
    ]);
    clearTimeout(timer);
    return this.#position >= seq;
  }

  async #withdraw(tombstone: Tombstone): Promise<void> {
    const { broker, names, maxAge, tick } = this.#options;
    const subject = names.tombstone(tombstone.subject);
    const began = tick();
    let expected = this.#tombstones.get(tombstone.subject)?.seq ?? 0;
    for (let tries = 0; tries < TRIES; ) {
      const known = this.#tombstones.get(tombstone.subject);
      const merged = known === undefined ? tombstone : merge(known.tombstone, tombstone);
      const data = encoder.encode(write({ gone: merged.gone, closed: merged.closed }));
      try {
        const message = { subject, data, expected, ttlMs: maxAge() + 3_600_000 };
        this.#keep(merged, await broker.write(names.control, [message]));
        return;
      } catch (error) {
        // Probably the election of a leader: the same write is tried again. Its answer also shows whether the first was stored.
        if (error instanceof NoAnswer && Math.max(this.silentMs, tick() - began) < PATIENCE_MS) {
          await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
          continue;
        }
        if (!(error instanceof WriteRefused)) throw error;
        // The broker that was asked did not have the newest one yet.
        if (tries++ > 0) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        const [newest] = await broker.last(names.control, [subject]);
        const found = newest && readTombstone(tombstone.subject, decoder.decode(newest.data));
        if (found !== undefined && newest !== undefined) this.#keep(found, newest.seq);
        expected = newest?.seq ?? 0;
      }
    }
    throw new NoAnswer('withdrawals of this visitor change faster than they can be read');
  }

  #keep(tombstone: Tombstone, seq: number): void {
    const known = this.#tombstones.get(tombstone.subject);
    if (known !== undefined && known.seq >= seq) return;
    this.#tombstones.set(tombstone.subject, { tombstone, seq });
    this.#options.withdrawn(tombstone);
  }

  async #own(part: number, node: string): Promise<boolean> {
    const { broker, names } = this.#options;
    const expected = this.#owners.get(part)?.seq ?? 0;
    try {
      const message = { subject: names.owner(part), data: encoder.encode(JSON.stringify({ node })), expected };
      this.#setOwner(part, node, await broker.write(names.control, [message]));
      return true;
    } catch (error) {
      if (error instanceof WriteRefused) return false;
      throw error;
    }
  }

  #receive({ subject, seq, data }: StoredMessage): void {
    const { names, tick } = this.#options;
    const { kind, key } = names.read(subject);
    if (kind === 'n' && data.length > 0) this.#nodes.set(key, { at: tick(), ...loadIn(decoder.decode(data)) });
    else if (kind === 'n') this.#nodes.delete(key);
    else if (kind === 'p') this.#setOwner(Number(key), nodeIn(data), seq);
    else if (kind === 'w') {
      const tombstone = readTombstone(Number.parseInt(key, 16), decoder.decode(data));
      if (tombstone !== undefined) this.#keep(tombstone, seq);
    }
    this.#position = seq;
    const reached = this.#waiters.filter((one) => one.seq <= seq);
    if (reached.length > 0) this.#waiters = this.#waiters.filter((one) => one.seq > seq);
    for (const { call } of reached) call();
  }

  #others(): [string, Node][] {
    const { tick, node } = this.#options;
    return [...this.#nodes].filter(([name, { at }]) => name !== node && tick() - at < SILENT_MS);
  }

  #setOwner(part: number, node: string, seq: number): void {
    if ((this.#owners.get(part)?.seq ?? 0) >= seq) return;
    this.#owners.set(part, { node, seq });
    this.#options.owned(part, node);
  }
}

function nodeIn(data: Uint8Array): string {
  try {
    const { node } = JSON.parse(decoder.decode(data)) as { readonly node?: unknown };
    return typeof node === 'string' ? node : '';
  } catch {
    return '';
  }
}
