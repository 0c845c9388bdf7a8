import { personalParam } from './click-ids.ts';
import { isPathWord } from '../pii/emails.ts';
import { dropKey, isDepartment, keyName } from './keys.ts';
import { scrub } from '../pii/scrub.ts';
import { maySpell } from '../pii/spelled-emails.ts';
import { isDrawn, SHORTEST_DRAWN } from '../pii/tokens.ts';

/** A path without any of these has nothing to take out. */
const SUSPECT = /[0-9;=%&@?]|eyJ|Iw[AYZ]|C[jw]|PA[QYZ]|EAIa|AfmB/;
/** Beginnings of click ids and tokens that may look like words. */
const TOKEN = /clid|eyJ|Iw[AYZ]|Cj[0w]|PA[QYZ]|EAIa|AfmB/;

/**
 * A path without matrix parameters, without parameters whose `?` got lost or encoded, and without personal data in its
 * segments.
 */
export function cleanPath(path: string): string {
  if ((!SUSPECT.test(path) || (isHarmless(path) && !TOKEN.test(path))) && !maySpell(path)) return path;
  const segments = path.split('/');
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i] ?? '';
    const before = segments[i - 1] ?? '';
    const clean = cleanSegment(segment, before, segments[i - 2] ?? '');
    segments[i] = clean;
    // `/kari/nordmann@example.no`: the address may have begun before the slash.
    if (clean !== segment && clean.startsWith(EMAIL) && i > 1 && !isPathWord(before)) segments[i - 1] = EMAIL;
  }
  return segments.join('/');
}

/**
 * Whether a path is harmless at first sight: fewer digits close together than in any personal number (an IP address such
 * as `95.5.4.9` is recognised by its three dots), short words, and no sign of parameters or encoding.
 */
function isHarmless(path: string): boolean {
  let dots = 0;
  let word = 0;
  let drawn = 0;
  let digits = 0;
  let gap = 0;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code >= 48 && code <= 57) {
      if (gap > WIDEST_GAP) digits = 0;
      gap = 0;
      drawn++;
      if (++digits === MANY_DIGITS || dots === 3) return false;
    } else {
      gap++;
      dots = code === 46 && gap === 1 ? dots + 1 : 0;
      // ; = % & @ ?
      if (code === 59 || code === 61 || code === 37 || code === 38 || code === 64 || code === 63) return false;
    }
    word = code === 47 || code === 45 ? 0 : word + 1;
    if (word === 0) drawn = 0;
    else if (word === LONG_WORD || (word === SHORTEST_DRAWN && drawn > 1)) return false;
  }
  return true;
}

const EMAIL = '[email]';
const MANY_DIGITS = 6;
const WIDEST_GAP = 3;
const LONG_WORD = 16;

// The parts between separators are disjoint, so each character is tried a bounded number of times.
const PARAMETERS = /;|%3b|(?:[&?]|%26|%3f)[^=%&?]{1,40}(?:=|%3d)/i;
const DOTS = /^(?:\.|%2e){1,2}$/i;
/** The signs in a segment at which `isHarmless` is false. */
const LIKE_A_VALUE = /(?:[0-9][^0-9]{0,3}){6}|[^-]{16}/;

/** A character reference of HTML; its `;` separates nothing. */
const ENTITY = /(?:&|%(?:25){0,3}26)(?:#|%(?:25){0,3}23)?[a-z0-9]{2,8}(?:;|%(?:25){0,3}3b)/i;

function cleanSegment(segment: string, before: string, beforeThat: string): string {
  if (!SUSPECT.test(segment)) return maySpell(segment) ? scrubbed(segment) : segment;
  if (segment.startsWith('(') && COOKIELESS.test(segment)) return TOKEN_TAG;
  const rest = SIGNS.test(segment) ? withoutParameters(segment) : segment;
  // `..;x` is no dot segment, but would become one.
  if (DOTS.test(rest)) return '';
  const equals = rest.indexOf('=');
  if (equals >= 0) {
    const name = keyName(rest.slice(0, equals));
    if (personalParam(name) !== undefined || dropKey(name)) return rest.slice(0, equals);
  }
  const clean = scrubbed(rest);
  if (clean !== rest) {
    // A name that could not be read may be one that can be: `&[id]=`.
    const left = withoutParameters(clean);
    return DOTS.test(left) ? '' : left;
  }
  if (rest.length < SHORTEST_VALUE) return clean;
  // `/phone/40000000`, `/reset/x8Jd...`: the segment behind a personal name is its value.
  return isSecretBehind(beforeThat, before, rest) ? TOKEN_TAG : clean;
}

/** Without any of these there are no parameters and nothing encoded. */
const SIGNS = /[;%&?]/;
const SHORTEST_VALUE = 6;
/**
 * What ASP.NET writes into the path in place of a cookie: the number of the visit, a ticket, the anonymous id.
 * https://learn.microsoft.com/dotnet/api/system.web.httpcookiemode
 */
const COOKIELESS = /^\((?:[ASF]\([\w-]{8,2000}\)){1,3}\)$/;

function withoutParameters(segment: string): string {
  // This comes before the path is cut at `;`, because the `;` of `kari&commat;example.no` is inside the address.
  const whole = ENTITY.test(segment) ? scrubbed(segment) : segment;
  const cut = whole.search(PARAMETERS);
  return cut < 0 ? whole : whole.slice(0, cut);
}

/** Parts of a path that, in links of messages, stand before a secret of the reader. */
const LINKS: ReadonlySet<string> = new Set(
  (
    'invite invites invitation invitations invitasjon confirm confirmation bekreft verify verification activate activation aktiver ' +
    'unlock unsubscribe avmeld avmelding optout magic magic-link one-time-login reset recover recovery nullstill tilbakestill glemt-passord forgot-password'
  ).split(' '),
);
/** Behind `/checkouts/`, before the token of the checkout. */
const CHECKOUT = /^c[no]?$/i;
/** Of an address such as `/activate/6123456789/x8JdK2mQ9pLr7TzA`, the number between. */
const NUMBER = /^\d{1,20}$/;

/** @param beforeThat the segment before the one before */
function isSecretBehind(beforeThat: string, before: string, segment: string): boolean {
  // `[ip]` and `[email]` stand where something was found, and name nothing.
  if (TAG.test(before)) return before === TOKEN_TAG && isDrawn(segment);
  if (LIKE_A_VALUE.test(segment) && dropKey(before)) {
    // Shops have departments of such names, with articles behind them: `/mobil/galaxy_s24_ultra_256gb`.
    if (!isDepartment(before) || LIKE_A_NUMBER.test(segment)) return true;
  }
  if (CLICK.test(before) && HAS_DIGIT.test(segment)) return true;
  if (!isDrawn(segment)) return false;
  // Whoever has the address of a checkout sees the customer's data: https://shopify.dev/docs/api/admin-rest/latest/resources/checkout
  if (CHECKOUT.test(before) && beforeThat.toLowerCase() === 'checkouts') return true;
  return leadsToSecret(before) || (NUMBER.test(before) && leadsToSecret(beforeThat));
}

/** Names of click ids that are no words: `/gclid/Cj0...` */
const CLICK = /^(?:[a-z]{1,6}_?cl(?:ick|k)?_?id|[gw]braid)$/i;
const HAS_DIGIT = /\d/;

/** As long as a phone number, and nothing else. */
const LIKE_A_NUMBER = /^\+?\d[\d .()-]{7,18}$/;

function leadsToSecret(segment: string): boolean {
  return LINKS.has(segment.toLowerCase()) || dropKey(segment);
}

const TOKEN_TAG = '[token]';
const TAG = /\[[a-z]{2,8}\]/;

/** Tags of what was found only after decoding have a blank between them, which no path has. */
function scrubbed(segment: string): string {
  const clean = scrub(segment);
  return clean === segment ? segment : clean.replaceAll(' ', '%20');
}
