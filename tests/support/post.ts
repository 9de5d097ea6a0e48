/** How does a test post a document, or a text that is none, to a server of its own? */

export type Post = (
  path: string,
  body: unknown,
  init?: { readonly headers?: Record<string, string>; readonly signal?: AbortSignal },
) => Promise<Response>;

export const postTo =
  (url: string): Post =>
  (path, body, init = {}) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...init.headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(init.signal ? { signal: init.signal } : {}),
    });
