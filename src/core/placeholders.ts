/** What a template, a script or a report writes in place of a missing value. Compared in lower case, spaces trimmed. */
const WORDS: ReadonlySet<string> = new Set(['', 'undefined', 'null', 'nan', 'none', 'nil', 'n/a', '-']);

/**
 * Whether a text is no id but a placeholder that a template left, so that many events share it: `undefined`, `[object
 * Object]`, `(not set)`, `0`, `{{transaction id}}`. In any case of letters. Linear.
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
  // Nearly every id is decided here.
  if (!text.includes('{') && !text.includes('%%')) return false;
  return holds(text, '{{', '}}') || holds(text, '%%', '%%') || holds(text, '${', '}');
}

const LONGEST_WORD = 9;

/** A variable that the template did not replace. */
function holds(text: string, before: string, after: string): boolean {
  const at = text.indexOf(before);
  return at !== -1 && text.includes(after, at + before.length);
}
