/** Which value does a key have when the file does not say? In the file's own units, so that the schema can quote it. */

const MIB = 1024 * 1024;

/**
 * A local engine answers after it has read the prompt, so its first byte is given time by prompt size (10 s per 1,000
 * tokens bears with one that reads 100 tokens a second); cloud providers answer late under load, whatever the size.
 */
export const DEADLINES = {
  local: {
    connect_seconds: 5,
    first_byte_seconds: 60,
    first_byte_per_1k_tokens_seconds: 10,
    idle_seconds: 60,
    total_seconds: 600,
  },
  cloud: {
    connect_seconds: 10,
    first_byte_seconds: 120,
    first_byte_per_1k_tokens_seconds: 0,
    idle_seconds: 120,
    total_seconds: 600,
  },
} as const;

export const HOLD = { bytes_max: 32 * MIB, keepalive_every_seconds: 10 } as const;

/** Clients that hear nothing give up after 100 s at the earliest; a load can take minutes. */
export const SWAP_GROUP = { keepalive_after_seconds: 10, keep_serves: false } as const;

export const BREAKER = {
  availability_failures: 2,
  availability_window_seconds: 60,
  quality_failures: 3,
  quality_window_seconds: 120,
  cooldown_seconds: 15,
  cooldown_max_seconds: 300,
  probe_timeout_seconds: 60,
} as const;

export const ATTEMPTS = { max: 3, reserve_last: true, total_seconds: 900 } as const;

export const LIMITS = {
  body_bytes_max: 32 * MIB,
  json_depth_max: 512,
  header_count_max: 100,
  concurrency_max: 64,
  queue_max: 64,
  queue_wait_seconds: 60,
  sessions_max: 10_000,
  body_read_seconds: 30,
  drain_seconds: 30,
} as const;

export const STORE = { age_days_max: 30, size_mib_max: 256 } as const;

/** Mending is safe by proof; asking again costs time and tokens, so it is asked for. */
export const REPAIR = { rungs: ['mend'], ask_again_max: 1, ask_again_seconds: 30 } as const;

/** Variables that set a limit where the file does not; names of v0.9. */
export const LIMIT_VARIABLES = {
  body_bytes_max: 'ANVIL_MAX_BODY_BYTES',
  concurrency_max: 'ANVIL_MAX_CONCURRENCY',
} as const;
