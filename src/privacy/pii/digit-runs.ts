/**
 * The runs of digits of a text, and which of them stand so close that they may be one number: run `i` is
 * `text.slice(starts[i], ends[i])`. The arrays are used again for the next text, because texts full of digits would
 * otherwise allocate thousands of times a second; the values hold until the next `read`.
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
  /** How many digits there are from run `i` on, as far as runs are joined: detectors skip a run that has too few. */
  reach = new Int32Array(64);
  /**
   * Sums of the digits up to each, every second one as the Luhn check doubles it: those at even places in the upper
   * half of each number, those at odd places in the lower. They may run over, since only differences count.
   */
  #sums = new Int32Array(256);

  /** One pass over the text, and one back over its runs. */
  read(text: string): void {
    this.text = text;
    this.#makeRoom(text.length);
    const { starts, ends, before } = this;
    const sums = this.#sums;
    const { length } = text;
    let sum = 0;
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
        sum = (sum + (STEPS[(digits & 1) * 10 + digit] as number)) | 0;
        sums[++digits] = sum;
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

  /** The digits of these runs, without the separators. */
  digits(first: number, last: number): string {
    const { text, starts, ends } = this;
    if (first === last) return text.slice(starts[first], ends[first]);
    let digits = '';
    for (let i = first; i <= last; i++) digits += text.slice(starts[i], ends[i]);
    return digits;
  }

  /** Whether so many digits from run `first` on pass the Luhn check (ISO/IEC 7812-1 annex B); there are as many. */
  passLuhn(first: number, digits: number): boolean {
    const from = this.before[first] as number;
    const to = from + digits;
    const difference = ((this.#sums[to] as number) - (this.#sums[from] as number)) | 0;
    const odd = difference & 0xffff;
    // The last digit counts once, the one before it twice, ...
    return (to % 2 === 0 ? ((difference - odd) >> 16) % 10 : odd % 10) === 0;
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
    if (this.#sums.length <= characters + 1) this.#sums = new Int32Array(2 * characters + 2);
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

/** What a digit adds to both sums: at an even place, at an odd place. */
const STEPS = Int32Array.from({ length: 20 }, (_, i) => {
  const digit = i % 10;
  const twice = digit < 5 ? digit * 2 : digit * 2 - 9;
  return i < 10 ? twice * 0x10000 + digit : digit * 0x10000 + twice;
});

/** The runs of the current text, shared by all detectors of numbers. */
export const runs = new DigitRuns();

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
