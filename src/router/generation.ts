/** From settings to something that can serve: keys read, connection pools opened, the profile attached. */
import type { Profile } from '#core/profile';
import type { Settings } from '#core/settings';
import type { Effects, FetchSession } from '#platform/effects';
import type { Generation } from '#router/exchange';

/** Builds a generation. Pools of tiers that stay at their address are kept, so a reload costs no connection. */
export const buildGeneration = (
  settings: Settings,
  profile: Profile,
  effects: Pick<Effects, 'env' | 'openSession'>,
  before?: Generation,
): Generation => {
  const keys = new Map<string, string>();
  const sessions = new Map<string, FetchSession>();
  for (const tier of settings.tiers) {
    const key = effects.env(tier.authEnv);
    if (key !== undefined) keys.set(tier.id, key);
    const kept =
      before?.settings.tierById.get(tier.id)?.baseUrl === tier.baseUrl ? before.sessions.get(tier.id) : undefined;
    sessions.set(tier.id, kept ?? effects.openSession());
  }
  return { settings, profile, keys, sessions };
};

/** Cloud tiers that cannot serve for want of a key, each with the variable that is missing. */
export const missingKeys = ({ settings, keys }: Generation): readonly string[] =>
  settings.tiers
    .filter((tier) => tier.privacy === 'cloud' && !keys.has(tier.id))
    .map((tier) => `tier ${tier.id} is skipped: environment variable ${tier.authEnv} is unset or blank`);
