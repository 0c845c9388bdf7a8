/** Where consent must be opted into: the EEA, the United Kingdom and Switzerland (ISO 3166-1; `UK` is seen, too). */
const OPT_IN: ReadonlySet<string> = new Set(
  'AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK UK'.split(' '),
);

/** Whether a region as platforms write it (`no`, `US-37`, `NO03`) demands opting in. No region: it does. */
export function demandsOptIn(region: string | undefined): boolean {
  return region === undefined || region.length < 2 || OPT_IN.has(region.slice(0, 2).toUpperCase());
}
