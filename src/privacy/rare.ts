import type { Event, RawEvent } from '../core/fields.ts';
import type { IdWindow } from './replaced-id.ts';
import { GENERIC } from './user-agent.ts';

/** An event without its rare traits, and the traits it had: these are counted when the hit has been accepted. */
export interface Folded {
  readonly event: Event;
  readonly cells: readonly string[];
}

/**
 * Takes away what too few visitors of the window share (R2, R7): browser, then language (never its variant), then
 * country. Each trait is counted together with the traits kept before it, so that enough visitors share the whole
 * combination that is sent, and not only each part of it. Without a window everything is rare.
 */
export function foldRare(event: Event, window: IdWindow | undefined): Folded {
  const folded: RawEvent = { ...event };
  const cells: string[] = [];
  let told = '';
  const tell = (trait: string): boolean => {
    const cell = `${told}${trait}\n`;
    cells.push(cell);
    if (window?.isCommon(cell) !== true) return false;
    told = cell;
    return true;
  };
  if (event.user_agent_family !== undefined && !tell(browserOf(event))) {
    folded.user_agent_family = GENERIC.family;
    folded.device = GENERIC.device;
  }
  if (event.language !== undefined) {
    const language = event.language.split(/[-_]/, 1)[0]?.toLowerCase() ?? '';
    if (tell(`language ${language}`)) folded.language = language;
    else delete folded.language;
  }
  if (event.country !== undefined && !tell(`country ${event.country}`)) delete folded.country;
  return { event: folded, cells };
}

function browserOf({ user_agent_family: family, device }: Event): string {
  return `${family} ${device?.category} ${device?.browser} ${device?.browser_version} ${device?.operating_system}`;
}
