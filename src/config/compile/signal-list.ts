import * as z from 'zod';
import { CATEGORY_SIGNALS, maskOf, SIGNALS, type Category, type SignalMask } from '../../core/signals.ts';

const CATEGORIES = Object.keys(CATEGORY_SIGNALS) as Category[];
const WORDS = [...SIGNALS, ...CATEGORIES] as const;

/** One signal or category, or a list of them. */
export function signalList() {
  const word = z.enum(WORDS);
  return z.union([word, z.array(word)]);
}

export type SignalList = z.output<ReturnType<typeof signalList>>;

/** The signals of a list; `categories` has the signals of each category on this site. */
export function signalsIn(list: SignalList, categories: Readonly<Record<Category, SignalMask>>): SignalMask {
  let mask = 0;
  for (const word of typeof list === 'string' ? [list] : list)
    mask |= isCategory(word) ? categories[word] : maskOf([word]);
  return mask;
}

export function isCategory(word: string): word is Category {
  return (CATEGORIES as readonly string[]).includes(word);
}
