import { decodePart } from '../protocols/percent.ts';
import { WordSet } from './word-set.ts';

/** Names that say by themselves that the value is about a person, spelled without separators (R42, "names by key"). */
const NAMES = new WordSet(
  'name navn namn nimi nafn firstname fornavn fornamn etunimi lastname surname etternavn efternavn efternamn sukunimi',
  'middlename mellomnavn fullname fulltnavn givenname familyname nickname username brukernavn displayname login',
  'contact recipient street streetname gate gatenavn gateadresse vej vejnavn gata katu dob born fodt fodselsdag',
  'session sessionid sessiontoken sessionkey phpsessid jsessionid aspsessionid sid key code reset sig auth ip ipaddress clientip userip remoteaddr',
  'lat lng lon latitude longitude coordinates latlng gps mail mob cell',
);

/** Words that make any name personal that they are part of. */
const WORDS = new WordSet(
  'email emailaddress epost epostadresse sahkoposti netfang phone phonenumber telephone telefon telefonnummer tlf tel mobil mobilnummer',
  'mobilephone mobiltelefon puhelin puhelinnumero simi gsm msisdn whatsapp',
  'fnr fodselsnummer fodselsnr personnummer personnr personid personalid nationalid ssn cpr cprnr hetu henkilotunnus kennitala pnr passport passnummer',
  'address addresses adresse adress osoite heimilisfang address1 address2 addressline',
  'birth birthdate birthday birthyear dateofbirth fodselsdato fodselsar syntymaaika',
  'token accesstoken refreshtoken idtoken jwt bearer password passwd passord pwd passphrase pin otp totp mfa secret clientsecret',
  'apikey accesskey secretkey privatekey signature authorization sessiontoken csrf xsrf',
  // Names of persons in one word: `card_username`.
  'username brukernavn firstname fornavn fornamn etunimi lastname surname etternavn efternavn efternamn sukunimi fullname nickname',
  'iban kontonummer bankaccount cardnumber creditcard cvv cvc pan',
);

/** Words that make a `name` the name of a person; `item_name` and `event_name` are things. */
const PERSONS = new WordSet(
  'first last full given family middle sur nick display user customer client contact billing shipping recipient sender',
  'person patient member guest owner account holder cardholder buyer payer child parent kunde bruker lead employee',
);
const NAME_WORDS = new WordSet('name navn namn nimi nafn');

/** Words that two parts of a name form: `e_mail`, `e-post`. */
const AFTER_E = new WordSet('mail post mailaddress postadresse');

/** Longer names are nobody's parameter. */
const LONGEST_NAME = 100;

/**
 * Whether a parameter's name says that its value is personal, so that it is dropped unread (R42). Separators, case,
 * accents and array brackets make no difference.
 */
export function dropKey(name: string): boolean {
  if (name.length > LONGEST_NAME) return true;
  const words = wordsOf(name);
  const joined = words.length === 1 ? (words[0] ?? '') : words.join('');
  if (NAMES.has(joined) || WORDS.has(joined)) return true;
  let person = false;
  let named = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (WORDS.endsAt(words, i, 2) || (word === 'e' && AFTER_E.has(words[i + 1] ?? ''))) return true;
    person ||= PERSONS.has(word);
    named ||= NAME_WORDS.has(word);
  }
  return person && named;
}

/**
 * Whether a name in a text says the same of what stands behind it (`password=...`, `"last_name":"..."`). There many more
 * things are called a name, a key, a code or a contact than in a list of parameters.
 */
export function saysPersonal(name: string): boolean {
  return dropKey(name) && !EVERYDAY.has(wordsOf(name).join(''));
}

const EVERYDAY = new WordSet(
  'name navn namn nimi nafn key code reset contact session cell street gate gata katu vej ip login mail address',
);

/** A query key as it is compared: decoded, lower case, `a[0]` as `a`. */
export function keyName(key: string): string {
  const name = decodePart(key, 0, key.length).trim().toLowerCase();
  const bracket = name.indexOf('[');
  return bracket < 0 ? name : name.slice(0, bracket);
}

/** The words of a name in lower-case ASCII: `billingAddress_line[1]` is billing, address, line. */
export function wordsOf(name: string): string[] {
  const words: string[] = [];
  let start = 0;
  let plain = true;
  const take = (end: number): void => {
    if (end > start) words.push(name.slice(start, end));
  };
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code >= 97 && code <= 122) continue;
    if (code >= 65 && code <= 90) {
      plain = false;
      // A capital begins a word unless it follows one: `userEmail`, but not in `EMAIL`; the last of several does where
      // small letters follow: `XExternalId`.
      const before = name.charCodeAt(i - 1);
      const after = name.charCodeAt(i + 1);
      if (i > start && (!(before >= 65 && before <= 90) || (after >= 97 && after <= 122))) {
        take(i);
        start = i;
      }
    } else if (code > 127) {
      plain = false;
    } else {
      take(i);
      start = i + 1;
    }
  }
  take(name.length);
  return plain ? words : words.map(folded);
}

/** Lower case without accents; the letters that Unicode does not take apart are spelled as people without them do. */
function folded(word: string): string {
  const lower = word.toLowerCase();
  if (!/[^a-z0-9]/.test(lower)) return lower;
  return lower
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll('ø', 'o')
    .replaceAll('æ', 'ae');
}
