/** How far before a number its keyword may begin. */
const REACH = 24;
/** In every word below: finding that there is none is a fraction of the work. */
const ANY = /tlf|tel|mob|gsm|sms|whatsapp|handy|puh|s[ií]m|phone/i;
/** Words that stand before a phone number; not `[phone]`, which stands for one, and not `tlf-deksel`, which is a thing. */
const WORD =
  /(?<![\p{L}[])(?:tlf|tel|phone|telephone|telefon|telefonnummer|telefonnr|mobil|mobile|mobilnummer|mobilnr|mobiltelefon|mob|gsm|sms|whatsapp|handy|puhelin|puhelinnumero|puh|sími|simi|símanúmer)(?![\p{L}\]]|-\p{L})/giu;

/** The keywords of phone numbers in a text, in the order in which numbers ask for them: each is found once. */
export class PhoneWords {
  #text = '';
  #any = false;
  #asked = false;
  /** Where the last word begins that ends before the number asked about, and where the one after it stands. */
  #last = -Infinity;
  #next = 0;
  #nextEnd = 0;

  read(text: string): void {
    this.#text = text;
    this.#asked = false;
  }

  /** Whether one begins at most 24 characters before this place; places are asked about from left to right. */
  isBefore(at: number): boolean {
    if (!this.#asked) this.#begin();
    if (!this.#any) return false;
    while (this.#nextEnd <= at) {
      this.#last = this.#next;
      this.#step(this.#nextEnd);
    }
    return at - this.#last <= REACH;
  }

  #begin(): void {
    this.#asked = true;
    this.#any = ANY.test(this.#text);
    this.#last = -Infinity;
    if (this.#any) this.#step(0);
  }

  #step(from: number): void {
    WORD.lastIndex = from;
    const match = WORD.exec(this.#text);
    this.#next = match?.index ?? Infinity;
    this.#nextEnd = match === null ? Infinity : this.#next + match[0].length;
  }
}
