/** The small limits that the breaker tests share. */
import type { BreakerLimits } from '#machines/breaker.machine';

export const LIMITS: BreakerLimits = {
  failuresToOpen: 2,
  windowMs: 60_000,
  cooldownMs: 10_000,
  cooldownMaxMs: 60_000,
  probeTimeoutMs: 5_000,
};
