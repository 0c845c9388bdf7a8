/**
 * Crawlers, previews and monitors by the words they call themselves, in lower case without signs between, as their
 * operators' pages name them. Whole words: a CUBOT is a telephone, and its owner a person.
 */
const CRAWLERS: ReadonlySet<string> = new Set(
  // Search engines.
  (
    'googlebot adsbot mediapartners storebot googleother google-extended google-inspectiontool feedfetcher apis-google ' +
    'duplexweb-google bingbot msnbot adidxbot bingpreview slurp duckduckbot duckassistbot baiduspider yandexbot ' +
    'yandeximages yandexmobilebot yandexaccessibilitybot yandexmetrika yandexrenderresourcesbot yandexwebmaster ' +
    'applebot petalbot seznambot exabot qwantify qwantbot mojeekbot coccocbot naverbot ' +
    // Links shown in a chat or a feed.
    'facebookexternalhit facebookcatalog facebot meta-externalagent meta-externalfetcher meta-webindexer twitterbot ' +
    'linkedinbot slackbot slackbot-linkexpanding discordbot telegrambot pinterestbot redditbot skypeuripreview ' +
    'embedly iframely vkshare snapchat-previewer cardyb ' +
    // Language models.
    'gptbot chatgpt-user oai-searchbot claudebot claude-web claude-user claude-searchbot anthropic-ai perplexitybot ' +
    'perplexity-user bytespider ccbot cohere-ai amazonbot diffbot youbot ai2bot timpibot imagesiftbot omgilibot ' +
    // Search marketing and archives.
    'ahrefsbot ahrefssiteaudit semrushbot siteauditbot mj12bot dotbot rogerbot blexbot dataforseobot serpstatbot ' +
    'sitebulb barkrowler linkfluence megaindex ia_archiver archive.org_bot heritrix nutch ' +
    // Monitors and tests.
    'uptimerobot pingdom pingdombot pingdompagespeed statuscake site24x7 newrelicpinger datadogsynthetics catchpoint ' +
    'gtmetrix ptst webpagetest speedcurve lighthouse chrome-lighthouse headlesschrome phantomjs prerender rendertron ' +
    'cookiebot cookiehub w3c_validator ' +
    // Words that robots use for themselves and telephones do not.
    'bot robot crawler spider webcrawler'
  ).split(' '),
);

/** Words of a User-Agent: letters, digits and what crawlers put between them. */
const WORD = /[a-z0-9][a-z0-9._-]{1,40}/g;
/** The address of a robot's page, which operators are asked to give; a person's browser has none. */
const OWN_PAGE = /\+https?:/;

/** Telephones whose model name has such a word in it: `M bot 60`, `Spider X5`. */
const MODEL = /\bandroid [\d.]{1,8}; [^;()]{1,60}/g;
/** A name that ends in such a word, with a version: `SklikBot/2.0`, `GrapeshotCrawler/2.0`. */
const NAMED = /[a-z](?:bot|crawler|spider)\/v?\d/;
const TELEPHONE = /\bcubot/;

/** Whether a User-Agent says that it belongs to a program and not to a person. At most 512 characters are read. */
export function isCrawler(userAgent: string): boolean {
  const whole = userAgent.slice(0, 512).toLowerCase();
  if (OWN_PAGE.test(whole)) return true;
  const text = whole.replace(MODEL, 'android');
  if (NAMED.test(text) && !TELEPHONE.test(text)) return true;
  for (const [word] of text.matchAll(WORD)) {
    if (CRAWLERS.has(word)) return true;
    // `Googlebot-Image`, `AdsBot-Google-Mobile`: the first part names it.
    const dash = word.indexOf('-');
    if (dash > 0 && CRAWLERS.has(word.slice(0, dash))) return true;
  }
  return false;
}
