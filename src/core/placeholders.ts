/** What a template, a script or a report writes where it has no value. Compared in lower case, spaces trimmed. */
const WORDS: ReadonlySet<string> = new Set(['', 'undefined', 'null', 'nan', 'none', 'nil', 'n/a', '-']);

/**
 * Whether an id is none: what a site's template left where the value should have been, so that many events have it in
 * common: `undefined`, `[object Object]`, `(not set)`, `0`, `{{transaction id}}`. In any case of letters. Linear.
 */
export function isPlaceholder(id: string): boolean {
  const text = id.trim();
  if (text.length <= LONGEST_WORD && WORDS.has(text.toLowerCase())) return true;
  switch (text.charCodeAt(0)) {
    case 0x30: // 0
      return /^[0.]+$/.test(text);
    case 0x28: // (
      return text.endsWith(')');
    case 0x5b: // [
      return /^\[object [^]*\]$/i.test(text);
  }
  // Nearly every id ends here.
  if (!text.includes('{') && !text.includes('%%')) return false;
  return holds(text, '{{', '}}') || holds(text, '%%', '%%') || holds(text, '${', '}');
}

const LONGEST_WORD = 9;

/** A variable that nothing was put in the place of. */
function holds(text: string, before: string, after: string): boolean {
  const at = text.indexOf(before);
  return at !== -1 && text.includes(after, at + before.length);
}
