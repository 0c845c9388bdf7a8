// A page with nuxt-cookie-control on it and nothing else, made without a server: `nuxt generate`.
export default {
  ssr: false,
  telemetry: false,
  compatibilityDate: '2026-11-01',
  buildDir: process.env.NUXT_BUILD,
  nitro: { output: { dir: process.env.NUXT_OUT } },
  app: { baseURL: '/nuxt-cookie-control/' },
  modules: ['@dargmuesli/nuxt-cookie-control'],
  cookieControl: {
    cookies: {
      necessary: [{ id: 'necessary', name: 'Necessary', targetCookieIds: [] }],
      optional: [
        { id: 'analytics', name: 'Statistics', targetCookieIds: [] },
        { id: 'marketing', name: 'Marketing', targetCookieIds: [] },
      ],
    },
  },
};
