/** Median with quartiles: `0.91 (0.88 to 0.95)`. */
export function shown(values: readonly number[]): string {
  // A ratio to nothing, such as bytes written for denied hits, is none.
  if (!values.every(Number.isFinite)) return 'none';
  const sorted = values.toSorted((a, b) => a - b);
  const digits = (sorted.at(-1) ?? 0) < 100 ? 2 : 0;
  const at = (part: number) => (sorted[Math.round(part * (sorted.length - 1))] as number).toFixed(digits);
  return `${at(0.5)} (${at(0.25)} to ${at(0.75)})`;
}
