/** Which roles may a message have, and which of them instruct? Looked up by own names only: a caller may say `constructor`. */
import type { Role, Turn } from '#core/message';

const ROLES: ReadonlyMap<unknown, Role> = new Map([
  ['system', 'system'],
  ['developer', 'developer'],
  ['user', 'user'],
  ['assistant', 'assistant'],
]);

export const roleOf = (value: unknown): Role | undefined => ROLES.get(value);

/** Whether a turn instructs the model rather than speaking to it. */
export const isInstruction = ({ role }: Turn): boolean => role === 'system' || role === 'developer';
