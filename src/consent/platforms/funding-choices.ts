import { parseCookieJson, type Json } from '../json.ts';
import { readLayers } from '../text.ts';

/** The cookie of Google Funding Choices, which Google's advertising scripts set, too. */
export const FUNDING_CHOICES = 'FCCDCF';

/** What the cookie holds, as far as it is known: strings of the IAB's formats at fixed places of a JSON list. */
export interface FundingChoices {
  readonly tcString: string | undefined;
  /** Google's Additional Consent, beside the TC string. */
  readonly additionalConsent: string | undefined;
  /** Every other text in it, a US Privacy or GPP string perhaps. */
  readonly texts: readonly string[];
}

const MAX_TEXTS = 64;
const MAX_DEPTH = 6;

/** Takes the cookie apart; undefined where it is no list. */
export function fundingChoices(value: string): FundingChoices | undefined {
  const root = readLayers(value, 0, parseCookieJson, Array.isArray);
  if (!Array.isArray(root)) return undefined;
  const section: unknown = root[3];
  const [tcString, additionalConsent] = (Array.isArray(section) ? section : []) as readonly unknown[];
  const texts: string[] = [];
  collect(root, texts, 0);
  return { tcString: textOf(tcString), additionalConsent: textOf(additionalConsent), texts };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Texts inside lists; a text that is a list itself is one more layer. */
function collect(json: Json | undefined, texts: string[], depth: number): void {
  if (texts.length >= MAX_TEXTS || depth > MAX_DEPTH) return;
  if (Array.isArray(json)) for (const item of json as readonly Json[]) collect(item, texts, depth + 1);
  else if (typeof json !== 'string') return;
  else if (json.startsWith('[')) collect(parseCookieJson(json), texts, depth + 1);
  else texts.push(json);
}
