/**
 * A character by its code; 0 = there is none before the beginning or behind the end. Asking the engine there makes it
 * take the slow way for every character after, which cost several times as much as all else.
 */
export function codeAt(text: string, at: number): number {
  return at >= 0 && at < text.length ? text.charCodeAt(at) : 0;
}
