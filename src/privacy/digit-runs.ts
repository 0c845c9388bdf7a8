/**
 * The runs of digits of a text, and which of them stand so close that they may be one number: run `i` is
 * `text.slice(starts[i], ends[i])`. Room is kept from text to text, since a text full of digits would otherwise ask for
 * it thousands of times a second; what is read holds until the next `read`.
 */
export class DigitRuns {
  text = '';
  count = 0;
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  /** How many digits stand before run `i`; one more than there are runs. */
  before = new Int32Array(64);
  /** 1 = only separators, three at most, stand between run `i` and the next. */
  joined = new Uint8Array(64);
  /** How many digits there are from run `i` on, as far as runs are joined: decides who need not look. */
  reach = new Int32Array(64);
  /** Sums of the digits up to each, every second one as the Luhn check doubles it: those at even places, at odd places. */
  readonly #sums = [new Int32Array(256), new Int32Array(256)] as const;

  /** One pass over the text, and one back over its runs. */
  read(text: string): void {
    this.text = text;
    this.#makeRoom(text.length);
    const { starts, ends, before } = this;
    const [even, odd] = this.#sums;
    const { length } = text;
    let count = 0;
    let digits = 0;
    let inside = false;
    for (let i = 0; i < length; i++) {
      const digit = text.charCodeAt(i) - 48;
      if (digit >= 0 && digit <= 9) {
        if (!inside) {
          starts[count] = i;
          before[count] = digits;
          inside = true;
        }
        const twice = digit < 5 ? digit * 2 : digit * 2 - 9;
        const first = digits % 2 === 0;
        even[digits + 1] = (even[digits] as number) + (first ? twice : digit);
        odd[digits + 1] = (odd[digits] as number) + (first ? digit : twice);
        digits++;
      } else if (inside) {
        ends[count++] = i;
        inside = false;
      }
    }
    if (inside) ends[count++] = length;
    before[count] = digits;
    this.count = count;
    this.#measure();
  }

  /** How many digits run `i` has; 0 = there is none. */
  length(i: number): number {
    return i < this.count ? (this.ends[i] as number) - (this.starts[i] as number) : 0;
  }

  /** How many digits the runs from `first` to `last` have. */
  digitsIn(first: number, last: number): number {
    return (this.before[last + 1] as number) - (this.before[first] as number);
  }

  /** The digits of these runs, without what stands between. */
  digits(first: number, last: number): string {
    const { text, starts, ends } = this;
    if (first === last) return text.slice(starts[first], ends[first]);
    let digits = '';
    for (let i = first; i <= last; i++) digits += text.slice(starts[i], ends[i]);
    return digits;
  }

  /** Whether the digits of these runs pass the Luhn check (ISO/IEC 7812-1 annex B). */
  passLuhn(first: number, last: number): boolean {
    const from = this.before[first] as number;
    const to = this.before[last + 1] as number;
    // The last digit counts once, the one before it twice, ...
    const sums = to % 2 === 0 ? this.#sums[0] : this.#sums[1];
    return ((sums[to] as number) - (sums[from] as number)) % 10 === 0;
  }

  /** The run up to which no more than `most` digits stand together from `first` on, and at least `least`; -1 = none. */
  longest(first: number, least: number, most: number): number {
    let last = first;
    if (this.digitsIn(first, last) > most) return -1;
    while (this.joined[last] === 1 && this.digitsIn(first, last + 1) <= most) last++;
    return this.digitsIn(first, last) >= least ? last : -1;
  }

  #measure(): void {
    const { text, count, starts, ends, joined, reach } = this;
    for (let i = count - 1; i >= 0; i--) {
      const end = ends[i] as number;
      const joins = i + 1 < count && areSeparators(text, end, starts[i + 1] as number);
      joined[i] = joins ? 1 : 0;
      reach[i] = end - (starts[i] as number) + (joins ? (reach[i + 1] as number) : 0);
    }
  }

  #makeRoom(characters: number): void {
    if (this.#sums[0].length <= characters + 1) {
      const sums = this.#sums as [Int32Array<ArrayBuffer>, Int32Array<ArrayBuffer>];
      sums[0] = new Int32Array(2 * characters + 2);
      sums[1] = new Int32Array(2 * characters + 2);
    }
    const most = (characters >> 1) + 2;
    if (this.starts.length >= most) return;
    const room = 2 * most;
    this.starts = new Int32Array(room);
    this.ends = new Int32Array(room);
    this.before = new Int32Array(room);
    this.joined = new Uint8Array(room);
    this.reach = new Int32Array(room);
  }
}

const WIDEST_GAP = 3;

function areSeparators(text: string, from: number, to: number): boolean {
  if (to - from > WIDEST_GAP) return false;
  for (let at = from; at < to; at++) if (!isSeparator(text.charCodeAt(at))) return false;
  return true;
}

function isSeparator(code: number): boolean {
  return code < 128 ? SEPARATES[code] === 1 : WIDE_SEPARATORS.has(code);
}

const SEPARATES = Uint8Array.from({ length: 128 }, (_, code) =>
  ' -_./()+'.includes(String.fromCharCode(code)) ? 1 : 0,
);
/** No-break and narrow blanks, and every dash. */
const WIDE_SEPARATORS: ReadonlySet<number> = new Set([
  0xa0, 0x2009, 0x202f, 0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212,
]);
