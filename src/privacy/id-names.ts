import { IDENTIFIERS } from '../../destinations/identifiers.ts';
import { idWords } from '../core/identifiers.ts';
import { personalParam, personalParams } from './url/click-ids.ts';
import { isFact, readName } from './name-words.ts';
import { WordSet } from './pii/word-set.ts';

/** Words for the person or thing that an id identifies. */
const WHOSE =
  'user client customer device visitor external anonymous anon member membership contact subscriber subscription lead profile crm ' +
  'account kunde bruker medlem patient guest login household browser install installation instance advertising advertiser distinct ' +
  'cookie fan buyer payer employee student pasient pseudo loyalty click kund medlems asiakas hashed recipient participant applicant ' +
  'passenger traveller traveler donor voter consumer prospect debitor debtor kundeklubb klubb klant klanten kunden cliente usuario ' +
  'utilisateur benutzer nutzer abonnent identity usr acct ansatt elev referrer inviter sharer';
/** Of these the number is a count: the visitor's third session. */
const COUNTED = 'session visit sess';
const ID_WORDS = 'id ids nr no num number nummer numero key hash uuid guid identifier ref pseudonym';
const COUNTED_ID_WORDS = 'id ids key hash uuid guid identifier ref pseudonym';
/** Words for an id that in some languages stand first: `id_cliente`. */
const ID_WORDS_FIRST = 'id uuid guid numero codigo';

/** Companies and programs that give visitors or clicks an id: `criteo_uid`, `ga_cookie`, `impact_click`. */
const TRACKERS =
  'facebook fb ga gcl google bing microsoft linkedin li tiktok tt snapchat snap pinterest reddit twitter yandex criteo cto lotame panorama ' +
  'liveramp ramp ttd tradedesk taboola outbrain prebid awin tradedoubler adtraction partnerize impact rakuten chartbeat snowplow ' +
  'amplitude mixpanel heap fullstory fs clarity hotjar hj matomo piwik piano atinternet econda webtrekk rudder mparticle tealium adobe ' +
  'kameleoon abtasty vwo optimizely dy dynamicyield emarsys scarab bluekai exponea bloomreach cdp plausible posthog salesforce sfdc ' +
  'marketo eloqua elq zendesk intercom shopify woocommerce woo magento hubspot klaviyo onesignal braze iterable mailchimp ' +
  'kakao naver baidu appsflyer adjust singular kochava airbridge auth0 okta cognito pardot sfmc activecampaign dotdigital omnisend ' +
  'mailerlite brevo sendinblue getresponse moengage clevertap webengage airship leanplum sailthru responsys listrak bronto selligent ' +
  'apsis voyado adform neustar permutus permutive lytics zeotap crisp drift tawk tidio freshchat smartlook mouseflow logrocket ' +
  'contentsquare quantummetric gigya crm cxense krux tapad utiq pendo nosto algolia clerk raptor albacross leadfeeder firebase roku';
const TRACKED =
  'id uid cid sid vid uuid guid cookie visitor user customer click clickid session subscriber contact prospect recipient lead identity aid';

/** Names that mean an id, alone or as a part of a longer name; without separators. */
const ALONE = new WordSet(
  ...idWords(IDENTIFIERS),
  'muid twclid',
  'idfa idfv gaid aaid adid oaid ifa maid androidid hsfp hjid hjsessionuser clck clsk vuid mcid ecid ecsid auid',
  'ajsanonymousid ajsuserid amplitudeid mixpanelid klaviyoid kx mkttok clickid clid useragent ipoverride ipaddr ip remoteip xforwardedfor',
  'personid personkey personhash personuuid pvid userpseudoid pseudoid fingerprint visitortoken ymuid ymuidd ctobundle nappid mscc mcuid pkid klaid intercomid intercomdeviceid duid nuid vwouuid mktotrk posthogid heapid',
  'lidc ligc rdid euid tdid pubcid sharedid idid idsync rampid idlenv awc amcv mboxsession ctobidid pcid cbls shopifyy shopifys xtuid atuserid idrxvr',
  'etcoid wteid wtrla svi sfid tmsvi dyid subid fphash uhash emhash emsha shaem useragentstring uastring browserua loyaltycard',
  'klaviyoexchangeid ppid nbklid vmcid mcvisid aamuuid uidhash mailhash hashedem connectid netid driftaid',
  ...crossed(TRACKERS, TRACKED),
  // Of devices: https://www.3gpp.org/dynareport/23003.htm
  'imei imeisv imsi meid iccid udid wifimac macaddr bssid extid appinstanceid frequentflyernumber ffn',
  'baiduid bduss hmlvt hmlpvt wcsbt lineuid adobemc adobemcsdid',
  'authid sessionstate debitor canvashash thumbmark bonuskort bonuscard kundekort medlemskort membercard membershipcard fordelskort loyaltycardnumber',
  // Links to the recording of a visit, as the tools that make it hand them to GA4; numbers of contracts with one person
  'sessionurl sessionreplay sessionreplayurl sccookie uuidc sdid hsctatracking atsenvelope rewardfulreferral tapvid rfsn affsub openid unionid xuid',
  'bentouuid sfmcsub sfmcsubkey sfmcsubscriber trkcontact trksid uclick uclickhash ajsuid ajsaid sharedby',
  'stripecustomer gadsid tenjinid dripid dripclient telegramid wechatid discordid discorduser steamid appleid cusid',
  'policynumber policyno policynr polisenummer polisenr forsikringsnummer insurancenumber insuranceno claimnumber claimno skadenummer saksnummer saksnr casenumber',
  'customerreference clientreference memberreference userreference',
  ...crossed('uid cid ph phone', 'hash hashed enc encoded encrypted md sha'),
  ...crossed('cid uid', 'ga fb google facebook meta tiktok linkedin bing voluum'),
  // Ids that open an order or a cart: https://woocommerce.com/document/managing-orders/
  'orderkey wcorderkey cartkey',
  ...crossed(WHOSE, ID_WORDS),
  ...crossed(COUNTED, COUNTED_ID_WORDS),
  ...crossed(ID_WORDS_FIRST, `${WHOSE} ${COUNTED}`),
);

/** Each of the first words with each of the second behind it. */
function crossed(first: string, second: string): readonly string[] {
  return first.split(' ').flatMap((one) => second.split(' ').map((other) => one + other));
}

/** Names that mean an id only when they are the whole name: `ga_page` is none. */
const WHOLE = new WordSet(
  'ga hem cid uid vid fid uuid guid muid mid ide dsid nid nnb ke em oeu lfa',
  // Cookies of Google's ads: https://policies.google.com/technologies/cookies
  'gads gpi eoi gfp gfpb puid',
  // `ifa_type` of devices: https://iabtechlab.com/wp-content/uploads/2018/12/OTT-IFA-guidelines.final_Dec2018.pdf
  'rida tifa vida lgudid afai msai',
);

/** Parameters of addresses in another spelling: `McEid`, `td-uid`. A shorter one may be a word, and a parcel has a `trackingId`. */
const SPELLED = new WordSet(
  ...personalParams()
    .map((name) => name.replaceAll(/[^a-z0-9]/g, ''))
    .filter((name) => name.length >= 5 && name !== 'trackingid'),
);

/** Names of vendors' identifiers that occur in no word; the `_` may be missing. */
export const PECULIAR_NAMES: readonly string[] = [...new Set(IDENTIFIERS.flatMap(({ peculiar = [] }) => peculiar))];

/** Parts of names so peculiar that they need no separators around them. */
const INSIDE = [...PECULIAR_NAMES.map((name) => name.replaceAll('_', '')), 'clickid', 'clkid'];

/**
 * Cookies whose names end with a key of the site: `amp_1a2b3c`, `mp_<token>_mixpanel`, `_sp_id.1fff`, `_pk_id.1.1fff`,
 * `AMCV_<org>@AdobeOrg`, `_ga_<stream>`, `_hjSessionUser_<site>`; and `af_id`, which `afid`, a partner's number, is not.
 */
const KEYED =
  /^(?:amp_[0-9a-f]{6,40}|amp_mktg_[0-9a-f]{4,40}|mp_\w{1,60}_mixpanel|ph_\w{1,60}_posthog|_[ps][kp]_(?:id|ses)(?:[._]\w{1,20}){0,3}|amcvs?_[0-9a-z%@]{4,60}|_ga_[0-9a-z]{4,16}|_gac_[0-9a-z_-]{4,40}|_hjsession(?:user)?_\d{1,12}|rl_(?:anonymous|user)_id|af_id|sp)$/;

/** A piece of each of these parts: a quick test, since most names have none of them. */
const IN_ALL_INSIDE = new RegExp(
  [...new Set(INSIDE.map((part) => (part.includes('id') ? 'id' : part.slice(-3))))].join('|'),
);

/** Names of articles and orders, whose values are digits like a person's numbers. */
const ARTICLES = new WordSet(
  'sku skus gtin gtin13 gtin14 ean ean13 isbn upc mpn asin barcode itemid itemids productid productids articleid articleno articlenumber artnr',
  'varenr varenummer varennr produktid produktnr artikkelnr artikelnr ordernumber orderid orderno orderref ordrenr ordrenummer ordreid bestillingsnr',
  'transactionid invoiceid invoiceno invoicenumber fakturanr variantid variantids contentid contentids masterid parentid modelno modelnumber groupid',
);

/**
 * Whether a name says that the value stands for a visitor, a device or a click (R46, R47): whole words, whatever
 * separates them and whatever their case. `customer_type` and `order_id` are none.
 */
export function isIdName(name: string): boolean {
  const lower = name.toLowerCase();
  if (personalParam(lower) !== undefined || (isKeyed(lower) && KEYED.test(lower))) return true;
  const read = readName(name);
  const { joined, words } = read;
  if (IN_ALL_INSIDE.test(joined)) for (const part of INSIDE) if (joined.includes(part)) return true;
  if (WHOLE.has(joined) || ALONE.has(joined) || SPELLED.has(joined)) return true;
  if (isFact(read)) return false;
  if (CLICK.test(joined) && words.some((word) => CLICK.test(word))) return true;
  for (let i = 0; i < words.length; i++) if (ALONE.endsAt(read, i, 3)) return true;
  return false;
}

/** What names of click ids end with: `tblclid`. */
const CLICK = /[a-z](?<!^eu)cl(?:k|)id$/;

/** Whether it may be one of `KEYED`: all but the shortest have a line in them. */
function isKeyed(lower: string): boolean {
  return lower === 'sp' || lower.includes('_');
}

/** Whether a name says that the value is the number of an article or an order (R43). */
export function isArticleName(name: string): boolean {
  const read = readName(name);
  for (let i = 0; i < read.words.length; i++) if (ARTICLES.endsAt(read, i, 2)) return true;
  return false;
}

/** Whether a name says that the value is the version of a program. */
export function isVersionName(name: string): boolean {
  const { words } = readName(name);
  return VERSIONS.has(words[words.length - 1] ?? '');
}

const VERSIONS = new WordSet('version ver versjon build release firmware');
