import { problemReply } from '../answer.ts';
import type { AddressReply, ProtocolReply } from '../protocol.ts';

/** Paths of it begin so; the write key and `/settings` follow. */
export const SETTINGS = '/v1/projects/';
const PATH = /^\/v1\/projects\/([A-Za-z0-9_-]{1,128})\/settings$/;

const NO_KEY: ProtocolReply = problemReply({
  status: 404,
  title: 'Nothing here',
  detail: 'Settings are at /v1/projects/<write key>/settings.',
});

const ON = { enabled: true, integrations: {} };
/** Five minutes. */
const CACHED = 'public, max-age=300';

/**
 * The settings that the SDK loads before it starts, where `cdnURL` is the gateway (`protocols/segment.md` 2): no vendor is
 * loaded into the page, calls come here, and the SDK sends no metrics of its own.
 */
export const settingsReply: AddressReply = {
  status: 200,
  replyTo: ({ base, path }) => {
    const writeKey = PATH.exec(path)?.[1];
    if (writeKey === undefined) return NO_KEY;
    const [protocol, host] = base.split('://') as [string, string];
    return {
      status: 200,
      type: 'application/json',
      headers: { 'cache-control': CACHED },
      body: JSON.stringify({
        integrations: {
          'Segment.io': {
            apiKey: writeKey,
            apiHost: `${host}/v1`,
            protocol,
            addBundledMetadata: false,
            unbundledIntegrations: [],
          },
        },
        plan: {
          track: { __default: ON },
          identify: { __default: { enabled: true } },
          group: { __default: { enabled: true } },
        },
        middlewareSettings: {},
        enabledMiddleware: {},
        metrics: { sampleRate: 0 },
        legacyVideoPluginsEnabled: false,
        remotePlugins: [],
      }),
    };
  },
};
