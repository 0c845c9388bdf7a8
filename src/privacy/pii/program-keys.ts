import { exactForm, form, type TextForm } from './forms.ts';

/**
 * Keys of programs, as the services that give them out write them, so that scanners of code find them. A key that is public
 * (`pk_live_`) and the number of a payment (`pi_`, `cs_`), which shops use as that of the order, are none.
 */
export const PROGRAM_KEYS: readonly TextForm[] = [
  // https://docs.stripe.com/keys, https://docs.stripe.com/webhooks
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'whsec_'].map((head) => exactForm(head, /\w{16,250}/)),
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
  ...['AKIA', 'ASIA'].map((head) => exactForm(head, /[A-Z0-9]{16}(?!\w)/)),
  // https://github.blog/engineering/behind-githubs-new-authentication-token-formats/, https://docs.gitlab.com/security/tokens/
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_'].map((head) => exactForm(head, /\w{20,250}/)),
  exactForm('glpat-', /[\w.-]{20,250}/),
  exactForm('npm_', /[A-Za-z0-9]{36}/),
  // https://docs.slack.dev/authentication/tokens
  ...['xoxa-', 'xoxb-', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-'].map((head) => exactForm(head, /[\w-]{10,250}/)),
  // Google: a key of its APIs, an access token
  exactForm('AIza', /[\w-]{35}/),
  exactForm('ya29.', /[\w-]{20,600}/),
  // SendGrid, HubSpot, Shopify, OpenAI and Anthropic
  exactForm('SG.', /[\w-]{20,24}\.[\w-]{40,50}/),
  ...['pat-eu1-', 'pat-na1-'].map((head) => form(head, /[0-9a-f-]{36}/)),
  ...['shpat_', 'shpca_', 'shppa_', 'shpss_'].map((head) => form(head, /[0-9a-f]{32}/)),
  ...['sk-proj-', 'sk-ant-'].map((head) => exactForm(head, /[\w-]{20,250}/)),
];
