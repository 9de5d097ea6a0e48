/** Which roles may a message have? Looked up by own names only: a caller may say `constructor`. */
import type { Role } from '#core/message';

const ROLES: ReadonlyMap<unknown, Role> = new Map([
  ['system', 'system'],
  ['developer', 'developer'],
  ['user', 'user'],
  ['assistant', 'assistant'],
]);

export const roleOf = (value: unknown): Role | undefined => ROLES.get(value);
