import { decodePart } from '../../protocols/percent.ts';
import { isFact, readName } from '../name-words.ts';
import { WordSet } from '../pii/word-set.ts';

/** Names that alone mean personal data, without separators (R42, "names by key"). */
const NAMES = new WordSet(
  'name navn namn nimi nafn firstname fornavn fornamn etunimi lastname surname etternavn efternavn efternamn sukunimi',
  'middlename mellomnavn fullname fulltnavn givenname familyname nickname username brukernavn displayname login',
  'usr nonce assertion saml contact recipient street streetname gate gatenavn gateadresse vej vejnavn gata katu dob born fodt fodselsdag',
  'session sessionid sessiontoken sessionkey phpsessid jsessionid aspsessionid sid key code reset sig auth ip ipaddress clientip userip remoteaddr',
  'lat lng lon latitude longitude coordinates latlng gps mail mob cell strasse straat attn fname nick ipv',
);

/** Words that make every name personal that contains them. */
const WORDS = new WordSet(
  'email emailaddress epost epostadresse sahkoposti netfang phone phonenumber telephone telefon telefonnummer tlf tel mobil mobilnummer',
  'mobilephone mobiltelefon puhelin puhelinnumero simi gsm msisdn whatsapp',
  'fnr fodselsnummer fodselsnr personnummer personnr personid personalid nationalid ssn cpr cprnr hetu henkilotunnus kennitala pnr passport passnummer',
  'address addresses adresse adress osoite heimilisfang address1 address2 addressline',
  'birth birthdate birthday birthyear dateofbirth fodselsdato fodselsar syntymaaika',
  'token accesstoken refreshtoken idtoken jwt bearer password passwd passord pwd passphrase pin otp totp mfa secret clientsecret',
  'emails emailaddresses phones phonenumbers eml samlresponse connectsid apikey accesskey secretkey privatekey signature authorization sessiontoken csrf xsrf',
  // Names of persons in one word: `card_username`.
  'username brukernavn firstname fornavn fornamn etunimi lastname surname etternavn efternavn efternamn sukunimi fullname nickname',
  'iban kontonummer bankaccount cardnumber creditcard cvv cvc pan dob',
  // National ids of other countries, and plates.
  'cpf aadhaar aadhar nino nhsnumber nhsno bsn pesel dni nif curp codicefiscale steuerid isikukood socialsecurity nationalnumber ssn4',
  'licenseplate licenceplate numberplate regnr regnumber registreringsnummer kjennemerke bilnummer kenteken kennzeichen',
  'housenumber husnummer husnr streetnumber gatenummer',
  'accesscode resetcode resetkey magiccode verificationcode onetimecode logincode authcode securitycode activationcode activationkey',
  'codeverifier codechallenge relaystate samlrequest loginhint userlogin oidcsub usertoken authtoken logintoken magiclink resetlink loginlink',
  // Names, addresses and numbers of persons in forms of other countries.
  'vorname nachname familienname rufnummer handynummer telefonnr anschrift geburtsdatum geburtstag passwort kennwort hausnummer',
  'prenom courriel motdepasse datenaissance datedenaissance nombrecompleto apellido apellidos correo correoelectronico telefono direccion contrasena',
  'fechanacimiento fechadenacimiento telefone sobrenome endereco datanascimento datadenascimento senha cognome indirizzo datanascita datadinascita',
  'voornaam achternaam telefoon telefoonnummer adres geboortedatum wachtwoord imie nazwisko haslo jmeno prijmeni adresa heslo',
  // Of persons, in one word: `customeremail`, `leveringsadresse`.
  'uemail mailadresse emailadresse mobilnr mobnr tlfnr telnr cellphone lname vehiclereg vehicleregistration ccnumber ccnum cardlast adgangskode losenord',
  ...ofPersons(
    'user customer client contact billing shipping delivery recipient sender guest member buyer payer parent child owner holder kunde kunden kund',
    'email mail epost phone phonenumber mobile mobil tlf telefon address adresse adress name navn namn',
  ),
  ...ofPersons(
    'home work private private order post leverings faktura bosteds hjemme',
    'email epost phone adresse adress address',
  ),
  'kontaktperson mottaker avsender bestiller mottagare avsandare modtager afsender deltaker foresatt nextofkin emergencycontact replyto',
  'kortnummer kortnr giftcardcode giftcardnumber giftcardno gavekortkode gavekortnummer twitterhandle instagramhandle tiktokhandle',
);

function ofPersons(whose: string, what: string): readonly string[] {
  return whose.split(' ').flatMap((one) => what.split(' ').map((other) => one + other));
}

/** Words that make a `name` the name of a person; `item_name` and `event_name` are things. */
const PERSONS = new WordSet(
  'first last full given family middle sur nick display user customer client contact billing shipping recipient sender',
  'person patient member guest owner account holder cardholder buyer payer child parent kunde bruker lead employee visitor geo booking',
  'participant attendee passenger student deltaker elev barn barnets kontakt mottaker bestiller foresatt att attn',
);
const NAME_WORDS = new WordSet('name navn namn nimi nafn');
/** Of these the name is that of a thing, whoever it is of: `parent_category_name`, `lead_form_name`, `first_product_name`. */
const THINGS = new WordSet(
  'category product item page form plan type method source tier class group list event campaign company organization organisation brand',
  'template segment stage service option carrier provider role team store shop hotel venue promotion promo banner section tab button video file',
  'kategori produkt vare side skjema kampanje butikk gruppe metode',
);
/** The place where such a person is; `store_lat` is that of a shop. */
const PLACE_WORDS = new WordSet('lat lng lon latitude longitude coordinates latlng');

/** Words that two parts of a name form: `e_mail`, `e-post`. */
const AFTER_E = new WordSet('mail post mailaddress postadresse');

/**
 * Customer information as Meta's tags name it (developers.facebook.com/docs/meta-pixel/advanced/advanced-matching). Alone
 * such a name may mean many things (`st`, `ct`); behind `ud`, or with another of them beside it, it does not.
 */
const CUSTOMER_KEYS: ReadonlySet<string> = new Set('em ph fn ln db ge ct st zp'.split(' '));

/** Whether a name is one of those. */
export function isCustomerKey(name: string): boolean {
  return name.length === 2 && CUSTOMER_KEYS.has(name);
}

/** `ud[fn]`, `user_data.ph` */
function isOfCustomer(words: readonly string[]): boolean {
  const last = words[words.length - 1] as string;
  if (words.length < 2 || !isCustomerKey(last)) return false;
  return words[0] === 'ud' || words[0] === 'userdata' || (words[0] === 'user' && words[1] === 'data');
}

/** No parameter has a longer name. */
const LONGEST_NAME = 100;

/**
 * Whether a parameter's name says that its value is personal, so that it is dropped unread (R42). Separators, case,
 * accents and array brackets make no difference.
 */
export function dropKey(name: string): boolean {
  if (name.length > LONGEST_NAME) return true;
  const read = readName(name);
  const { words, joined } = read;
  if (NAMES.has(joined) || WORDS.has(joined)) return true;
  if (isOfCustomer(words)) return true;
  if (isFact(read)) return false;
  let person = false;
  let named = false;
  for (let i = 0; i < words.length; i++) {
    if (WORDS.endsAt(read, i, 2) || (words[i] === 'e' && AFTER_E.has(words[i + 1] ?? ''))) return true;
    person ||= PERSONS.endsAt(read, i, 1);
    named ||=
      (NAME_WORDS.endsAt(read, i, 1) && !(i > 0 && THINGS.endsAt(read, i - 1, 1))) || PLACE_WORDS.endsAt(read, i, 1);
  }
  return person && named;
}

/** Names that in a path are as often those of a department or a topic: `/mobil/`, `/gps/`, `/phone-cases/`, `/session/`. */
export function isDepartment(name: string): boolean {
  const { joined } = readName(name);
  return DEPARTMENTS.has(joined) || !(NAMES.has(joined) || WORDS.has(joined));
}

const DEPARTMENTS = new WordSet(
  'phone telephone telefon mobil mobile mobiltelefon mobilephone mob cell gsm gps pan pin key code reset session signature token',
  'address addresses adresse name navn street gate contact born birthday login card',
);

/**
 * Whether a name in a text says that the value behind it is personal (`password=...`, `"last_name":"..."`). Words such as
 * name, key, code or contact do not count here, because in a text they have many other meanings.
 */
export function saysPersonal(name: string): boolean {
  const { joined } = readName(name);
  return (dropKey(name) && !EVERYDAY.has(joined)) || joined === PASSWORD;
}

/** As the name of a parameter it may be that of a ski pass. */
const PASSWORD = 'pass';

/** Whether a name says that a secret of a program stands behind it, whatever the sign between them. */
export function isSecretName(name: string): boolean {
  return SECRETS.has(readName(name).joined);
}

const SECRETS = new WordSet(
  'authorization proxyauthorization apikey xapikey accesstoken idtoken refreshtoken clientsecret password passwd pwd',
  'passord losenord adgangskode passwort kennwort wachtwoord motdepasse contrasena senha haslo',
);

const EVERYDAY = new WordSet(
  'name navn namn nimi nafn key code reset contact session cell street gate gata katu vej ip login mail address',
);

/** Whether a name in a text has many meanings, so that what stands beside it decides. */
export function isEveryday(name: string): boolean {
  const { joined } = readName(name);
  return joined === 'value' || EVERYDAY.has(joined);
}

/** Whether such a name is that of a person or of a place to live, if other names beside it are. */
export function isPersonName(name: string): boolean {
  return PERSON_NAMES.has(readName(name).joined);
}

/** Whether such a name is that of a street with a number. */
export function isHomeName(name: string): boolean {
  return HOME_NAMES.has(readName(name).joined);
}

const HOME_NAMES = new WordSet('street address');
const PERSON_NAMES = new WordSet('name navn namn nimi nafn contact street gate gata katu vej address');

/** A query key as it is compared: decoded, lower case, `a[0]` as `a`. */
export function keyName(key: string): string {
  const name = decodePart(key, 0, key.length).trim().toLowerCase();
  const bracket = name.indexOf('[');
  return bracket < 0 ? name : name.slice(0, bracket);
}
