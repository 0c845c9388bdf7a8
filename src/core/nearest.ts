/**
 * The known word that a mistyped word resembles; undefined when no known word is close enough.
 * @param most letters that may differ; by default two, or a third of a long word.
 */
export function nearest(
  word: string,
  known: Iterable<string>,
  most: number = Math.max(2, Math.floor(plain(word).length / 3)),
): string | undefined {
  const typed = plain(word);
  let best: string | undefined;
  let bestDistance = most + 1;
  for (const candidate of known) {
    const distance = editDistance(typed, plain(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * The known name that a name of one's own was probably meant to be; undefined for known names and for those that resemble
 * none. Short words resemble many others: of those only the separators and capitals may differ.
 */
export function resembled(name: string, known: readonly string[]): string | undefined {
  if (known.includes(name)) return undefined;
  const letters = plain(name).length;
  return nearest(name, known, letters < 6 ? 0 : letters < 12 ? 1 : 2);
}

/** People confuse case, `-` and `_` most often, so these cost nothing. */
export function plain(word: string): string {
  return word.slice(0, 64).toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitute, (previous[j] as number) + 1, (current[j - 1] as number) + 1));
    }
    previous = current;
  }
  return previous[b.length] as number;
}
