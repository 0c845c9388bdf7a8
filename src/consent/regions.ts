import { EEA } from '../core/countries.ts';

/** Where consent must be opted into: the EEA, the United Kingdom and Switzerland (ISO 3166-1; `UK` is seen, too). */
const OPT_IN: ReadonlySet<string> = new Set([...EEA, 'CH', 'GB', 'UK']);

/** Whether a region as platforms write it (`no`, `US-37`, `NO03`) demands opting in. No region: it does. */
export function demandsOptIn(region: string | undefined): boolean {
  return region === undefined || region.length < 2 || OPT_IN.has(region.slice(0, 2).toUpperCase());
}
