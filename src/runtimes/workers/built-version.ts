/** The version of the form of `config.js`. It grows when a worker cannot read what an earlier `build` has written. */
export const BUILT_VERSION = 2;

/** The name of the secret with the gateway's own key: 64 hex digits. */
export const ROOT_KEY = 'PORTVAKT_ROOT_KEY';
/** The name of the secret with the token for the operator's paths. */
export const ADMIN_TOKEN = 'PORTVAKT_ADMIN_TOKEN';
