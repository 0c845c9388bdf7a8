/** A value of a configuration as JavaScript: maps stay maps, what is undefined goes. */
export function asModule(value: unknown): string {
  return `export default ${written(value)};\n`;
}

function written(value: unknown): string {
  if (value instanceof Map) {
    return `new Map([${[...value].map(([key, one]) => `[${written(key)}, ${written(one)}]`).join(', ')}])`;
  }
  if (value instanceof Set) return `new Set([${[...value].map(written).join(', ')}])`;
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).filter(([, one]) => one !== undefined);
    return `{ ${pairs.map(([key, one]) => `[${JSON.stringify(key)}]: ${written(one)}`).join(', ')} }`;
  }
  return value === undefined ? 'undefined' : JSON.stringify(value);
}
