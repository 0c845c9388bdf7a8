import { defineDestination } from '../../src/core/destination.ts';
import { openKeys } from './address.ts';
import { hostsOf } from './auth.ts';
import { egress } from './egress.ts';
import { plan, request, skips } from './event.ts';
import { examples } from './examples.ts';
import { judge } from './judge.ts';
import { paramsIn } from './mapping.ts';
import { READS } from './reads.ts';
import { fieldsOfRoute, settings } from './settings.ts';

/** A receiver that only the operator knows: signed requests to an address of the configuration (`destinations/http.md`). */
export default defineDestination({
  name: 'http',
  title: 'Signed HTTP',
  aliases: ['webhook', 'webhooks', 'https', 'make', 'zapier', 'n8n', 'crm', 'warehouse'],
  docs: 'https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md',
  needs: [],
  listsEvents: true,
  about: ({ recipient: { name, country, purpose } }) => `Recipient: ${name}, ${country}. Purpose: ${purpose}.`,
  demands: (at) => ({
    needs: at.needs,
    fields: fieldsOfRoute(at),
    listed: true,
    ...(at.map !== undefined && { params: paramsIn(at.map) }),
  }),
  vendor: 'a receiver of your own',
  services: [],
  hosts: (at) => [...new Set([at.host, ...hostsOf(at.auth)])],
  recipient: ['path'],
  egress,
  settings,
  reads: READS,
  skips,
  plan,
  maxBatch: (envelope) => Number.parseInt(envelope, 10) || 1,
  maxAge: 7 * 86_400_000,
  request,
  judge,
  warnings: ({ path }) =>
    openKeys(path)
      ? ['`path` has a part that looks like the key of a hook: written as `${NAME}` it is in no file and in no log']
      : [],
  examples,
});
