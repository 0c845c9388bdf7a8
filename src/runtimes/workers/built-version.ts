/** Of the form of `config.js`: grows when a worker can no longer read what an earlier `build` has written. */
export const BUILT_VERSION = 1;

/** Where the gateway's own key is: 64 hex digits. */
export const ROOT_KEY = 'PORTVAKT_ROOT_KEY';
/** What callers of the operator's paths must show. */
export const ADMIN_TOKEN = 'PORTVAKT_ADMIN_TOKEN';
