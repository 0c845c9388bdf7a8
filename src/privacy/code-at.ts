/**
 * The code of a character; 0 before the beginning and behind the end. V8 must not be asked for these places: afterwards it
 * is slow for every character, and that cost several times as much as all other work.
 */
export function codeAt(text: string, at: number): number {
  return at >= 0 && at < text.length ? text.charCodeAt(at) : 0;
}
