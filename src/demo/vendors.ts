/** What a vendor's host answers when all is well, from its sheet's success answer. */
export function successAnswer(host: string, path: string, body: string): { status: number; body?: string } {
  switch (host) {
    case 'oauth2.googleapis.com':
      return json({ access_token: 'demo', expires_in: 3600, token_type: 'Bearer' });
    case 'datamanager.googleapis.com':
      return json({ requestId: 'demo' });
    case 'graph.facebook.com':
      return json({ events_received: count(body, 'data'), messages: [], fbtrace_id: 'demo' });
    case 'api.linkedin.com':
      return json({ elements: Array.from({ length: count(body, 'elements') }, () => ({ status: 201 })) });
    case 'business-api.tiktok.com':
      return json({ code: 0, message: 'OK', request_id: 'demo', data: {} });
    case 'tr.snapchat.com':
      return json({ status: 'VALID' });
    case 'capi.uet.microsoft.com':
      return json({ eventsReceived: count(body, 'data') });
    case 'ads-api.reddit.com':
      return json({ data: { message: 'demo' } });
    case 'api.pinterest.com':
      return json({ num_events_received: count(body, 'data'), num_events_processed: count(body, 'data') });
    default:
      // GA4 and the pixels answer 204 to everything (`destinations/ga4.md` 2.2, 3.1; `destinations/microsoft.md` B).
      return { status: path === '' ? 404 : 204 };
  }
}

function json(body: unknown): { status: number; body: string } {
  return { status: 200, body: JSON.stringify(body) };
}

function count(body: string, key: string): number {
  const list = (JSON.parse(body) as Record<string, unknown>)[key];
  return Array.isArray(list) ? list.length : 0;
}
