/** How many headers has a request? */

/** Counted natively where the runtime offers it: iterating copies every header. */
export const headerCount = ({ headers }: Request): number =>
  'count' in headers ? Number(headers.count) : [...headers].length;
