// The three parts of undici that are used. Its index loads all of it, `fetch`, WebSocket, caches and mocks included: in the
// delivery thread that was 15 MB and half of the time a start took. A version without these files fails at the start.

declare module 'undici/lib/dispatcher/pool.js' {
  export { Pool as default } from 'undici';
}

declare module 'undici/lib/core/connect.js' {
  export { buildConnector as default } from 'undici';
}

declare module 'undici/lib/core/errors.js' {
  export { errors as default } from 'undici';
}
