import { IDENTIFIERS } from '../../../destinations/identifiers.ts';
import { clickParams, landingParams } from '../../core/identifiers.ts';
import { isPlaceholder } from '../../core/placeholders.ts';

/**
 * URL parameters that name a click, a visitor, a recipient or a session (R46), by kind, in lower case. Facts collected
 * from public tracker lists and vendors' own documentation; labels of campaigns, ads and networks (`utm_source`,
 * `hsa_cam`, `adj_label`, `matchtype`), flags and positions (`irgwc`, `trk`) identify nobody and are left out. `share`:
 * who passed the address on. Parameters of vendors that have a destination here are in its identifiers.
 */
const PERSONAL_PARAMS = {
  ad_click:
    '_branch_match_id _branch_referrer _openstat _zucks_suid adfcd adfctp aiad_clid bd_vid cto_pld ' +
    'cx_click dicbo ebisadid ef_id gs_l guce_referrer_sig ko_click_id ldtag_cl mindbox-click-id ' +
    'n_clid napm ndclid obclid outbrainclickid qclid s_kwcid sapclid sclid ' +
    'spclid tblci ttd_id ttdclid twclid unicorn_click_id vkclid wickedid yclid yj_dn ' +
    'yj_r ymclid ysclid',
  affiliate_click:
    'admitad_uid at_gd awc cjevent click_id clickid clickref clickref2 cuid external_click_id famad_xuid gci ' +
    'irclickid irclid maf raneaid ranmid ransiteid rtkcid sscid tduid ttid vc_lpp ymid zanpid',
  linker: '__hsfp __hssc __hstc _ga _gl',
  visitor_id: '__io_lv _io_session_id gps_adid mtm_cid pk_cid pk_vid utm_emcid utm_emmid utm_session utm_userid',
  email_recipient:
    '__s _bhlid _bta_c _bta_tid _clde _cldee _hsenc _hsmi _kx at_recipient_id at_recipient_list bbeml ' +
    'bsft_aaid bsft_clkid bsft_eid bsft_ek bsft_mid bsft_uid ck_subscriber_id dm_i dm_t elqaid elqat ' +
    'elqcampaignid elqtrack elqtrackid et_rid h_sid h_slt mc_eid mindbox-message-key mkt_tok ml_subscriber ' +
    'ml_subscriber_hash oft_c oft_ck oft_d oft_id oft_ids oft_k oft_lk oft_sk oly_anon_id oly_enc_id os_ehash ' +
    'rb_clickid sc_customer sc_eh sc_uid ss_email_id vero_conv vero_id vgo_ee',
  email_or_sms: 'sms_click sms_source sms_uph',
  share: 'fb_action_ids fb_comment_id fb_xd_fragment ig_rid igsh igshid mibextid trackingid',
  session_token: 'aspsessionid jsessionid phpsessid sessionid sid',
  direct_pii: 'email user_email_address',
} as const;

/** What a personal URL parameter stands for. */
export type PersonalParam = keyof typeof PERSONAL_PARAMS;

const KINDS: ReadonlyMap<string, PersonalParam> = new Map(
  [
    ...Object.entries(PERSONAL_PARAMS).map(([kind, names]) => [kind as PersonalParam, names.split(' ')] as const),
    ['ad_click' as const, clickParams(IDENTIFIERS)] as const,
  ].flatMap(([kind, names]) => names.map((name): [string, PersonalParam] => [name, kind])),
);

/** The kind of a parameter that never stays in a URL, whatever the site lists; undefined = none. Lower-case name. */
export function personalParam(name: string): PersonalParam | undefined {
  return KINDS.get(name);
}

/** The names of all of them. */
export function personalParams(): readonly string[] {
  return [...KINDS.keys()];
}

/** Click ids that have a field of their own and go only to their owner (R47). */
export const CLICK_IDS: readonly string[] = landingParams(IDENTIFIERS);

/** Click ids by their parameters, as the vendor spelled them. */
export type ClickIds = Readonly<Partial<Record<string, string>>>;

/** Every vendor's click id is longer. */
const SHORTEST = 4;

/**
 * Whether a text can be a click id. People test links with `gclid=test`, and unfilled templates arrive as `{gclid}`:
 * neither is a click, and neither may replace the id of a real click.
 */
export function isClickIdText(id: string): boolean {
  return (
    id.length >= SHORTEST &&
    !isPlaceholder(id) &&
    !(id.startsWith('{') && id.endsWith('}')) &&
    !(id.length === TRIAL.length && id.toLowerCase() === TRIAL)
  );
}

const TRIAL = 'test';

/** Parameters of a landing page that go into `google_click_params`, in lower case. */
export const GOOGLE_CLICK_PARAMS: ReadonlySet<string> = new Set(
  IDENTIFIERS.flatMap(({ param, alsoIn }) => (alsoIn === undefined ? [] : (param ?? []))),
);
