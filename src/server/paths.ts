/** Which path does a request ask for, whatever its Host header says and however it is ended? */

/**
 * Bun passes a Host header on as it is, so the URL may be none; CONNECT has no path in it. HTTP/1.0 knows requests without
 * a Host, which health checks of load balancers send: their URL is the path alone.
 */
export const urlOf = ({ url: asked, headers }: Pick<Request, 'url' | 'headers'>): URL | undefined => {
  const hostless = asked.startsWith('/') && !headers.has('host');
  const url = URL.parse(hostless ? `http://localhost${asked}` : asked);
  return url?.pathname.startsWith('/') ? url : undefined;
};

/** Drops trailing slashes, as v0.9 did; the query is not part of a path. */
export const normalised = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? path.replace(/\/+$/, '') || '/' : path;

/** Characters of an unknown path that are repeated to the caller. */
export const PATH_CHARS_SHOWN = 200;

/** The part of a path that is a name; undefined when it is not properly written. */
export const decodedName = (encoded: string): string | undefined => {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
};
