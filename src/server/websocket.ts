/** What does a caller hear that wants to turn a generation route into a WebSocket? */

/** True for a WebSocket handshake; `Upgrade` may name other protocols beside it. */
export const asksForWebSocket = ({ method, headers }: Request): boolean =>
  method === 'GET' &&
  (headers.get('upgrade') ?? '').split(',').some((name) => name.trim().toLowerCase() === 'websocket');

/**
 * 426, upon which Codex turns to plain HTTP at once (measured). It comes before the access token is looked at, so that
 * every handshake ends alike; the HTTP request that follows is checked and tells its user what is wrong with a token.
 */
export const webSocketRefused = (): Response =>
  new Response(
    JSON.stringify({
      error: {
        message: 'WebSocket is not spoken here; send the same request as POST over HTTP, answers stream as events',
        type: 'invalid_request_error',
        param: null,
        code: 'upgrade_required',
      },
    }),
    { status: 426, headers: { 'content-type': 'application/json', upgrade: 'HTTP/1.1' } },
  );
