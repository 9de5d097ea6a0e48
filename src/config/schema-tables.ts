/** Which keys do the tables of limits have: hold, deadlines, attempts, breaker, budgets, limits, store? */
import { ATTEMPTS, BREAKER, DEADLINES, HOLD, LIMITS, STORE } from '#config/defaults';
import { amount, flag, oneOf, optional, seconds, table, text, whole } from '#config/kinds';

const HOLD_MODES = ['all', 'block', 'none'] as const;

const holdMode = (help: string, defaultNote: string) => optional(oneOf(help, HOLD_MODES, { defaultNote }));
const holdOfClass = (name: string) =>
  holdMode(`For ${name} on local tiers; wins over the verdict's mode.`, 'by verdict');

export const hold = table(
  'What may leave before an answer is judged: `all` holds everything, `block` lets prose through and holds what a harness acts on, `none` holds nothing.',
  {
    allow: holdMode('Local tiers with the verdict allow.', '`block`, or as `verify_local_min` says'),
    'allow-with-verify': holdMode('Local tiers with the verdict allow-with-verify.', '`all`'),
    cloud: holdMode('Cloud tiers.', '`none`'),
    chat: holdOfClass('chat'),
    'bounded-edit': holdOfClass('small edits'),
    'quick-edit': holdMode('The same as `bounded-edit`, by its preset name.', 'by verdict'),
    'multi-file-refactor': holdOfClass('refactoring across files'),
    planning: holdOfClass('planning'),
    review: holdOfClass('review'),
    'long-context': holdOfClass('very long prompts'),
    bytes_max: optional(
      whole('Bytes held for one request; an answer that outgrows it counts as failed.', 1024, {
        maximum: 1024 ** 3,
        default: HOLD.bytes_max,
      }),
    ),
    keepalive_after_seconds: optional(
      seconds(
        'Answer 200 and send keepalives when nothing has left for so long; exhaustion then arrives in the stream.',
        {
          defaultNote: 'never: the status stays open until the verdict',
        },
      ),
    ),
    keepalive_every_seconds: optional(
      seconds('Gap between keepalives; clients give up after 100 to 300 s.', { default: HOLD.keepalive_every_seconds }),
    ),
  },
);

const localAndCloud = (key: keyof (typeof DEADLINES)['local']) => ({
  defaultNote:
    DEADLINES.local[key] === DEADLINES.cloud[key]
      ? `${DEADLINES.local[key]}`
      : `local ${DEADLINES.local[key]}, cloud ${DEADLINES.cloud[key]}`,
});

export const deadlines = (help: string) =>
  table(help, {
    connect_seconds: optional(seconds('Until the connection stands.', localAndCloud('connect_seconds'))),
    first_byte_seconds: optional(
      seconds('Until the first byte of the answer, for an empty prompt.', localAndCloud('first_byte_seconds')),
    ),
    first_byte_per_1k_tokens_seconds: optional(
      amount('Added to the first byte for every 1,000 prompt tokens; the total still ends it.', {
        maximum: 3600,
        ...localAndCloud('first_byte_per_1k_tokens_seconds'),
      }),
    ),
    idle_seconds: optional(seconds('Longest silence once the answer has begun.', localAndCloud('idle_seconds'))),
    total_seconds: optional(
      seconds('One whole attempt, from connecting to the last byte.', localAndCloud('total_seconds')),
    ),
  });

export const attempts = table('How often one request is tried.', {
  max: optional(whole('Attempts per request, the first included.', 1, { maximum: 16, default: ATTEMPTS.max })),
  reserve_last: optional(
    flag('Keep the last attempt for the last, safest tier of the plan.', { default: ATTEMPTS.reserve_last }),
  ),
  total_seconds: optional(
    seconds('All attempts of one request together.', {
      defaultNote: `${ATTEMPTS.total_seconds}, or the longest total of a tier`,
    }),
  ),
});

export const breaker = table('When a failing tier is left alone, and for how long.', {
  availability_failures: optional(
    whole('Transport failures within the window that open a tier.', 1, {
      maximum: 1000,
      default: BREAKER.availability_failures,
    }),
  ),
  availability_window_seconds: optional(
    seconds('Window of those failures.', { default: BREAKER.availability_window_seconds }),
  ),
  quality_failures: optional(
    whole('Rejected answers within the window that open a tier for one work class.', 1, {
      maximum: 1000,
      default: BREAKER.quality_failures,
    }),
  ),
  quality_window_seconds: optional(seconds('Window of those rejections.', { default: BREAKER.quality_window_seconds })),
  cooldown_seconds: optional(
    seconds('Time before one probe is let through; doubles with every failed probe.', {
      default: BREAKER.cooldown_seconds,
    }),
  ),
  cooldown_max_seconds: optional(seconds('Longest such time.', { default: BREAKER.cooldown_max_seconds })),
  probe_timeout_seconds: optional(
    seconds('A probe that has not reported by then is given up.', { default: BREAKER.probe_timeout_seconds }),
  ),
});

const NO_CAP = { defaultNote: 'no cap' };

export const budgets = table('Caps on what metered tiers may cost; a spent cap excludes them.', {
  session_usd: optional(amount('USD per session.', NO_CAP)),
  session_tokens: optional(whole('Tokens per session.', 0, NO_CAP)),
  day_usd: optional(amount('USD per UTC day, all sessions.', NO_CAP)),
  day_tokens: optional(whole('Tokens per UTC day, all sessions.', 0, NO_CAP)),
});

export const limits = table('How much the router takes in at once.', {
  body_bytes_max: optional(
    whole('Bytes of a request body; `ANVIL_MAX_BODY_BYTES` sets it where the file does not.', 1, {
      maximum: 1024 ** 3,
      default: LIMITS.body_bytes_max,
    }),
  ),
  json_depth_max: optional(whole('Nesting of a request body.', 8, { maximum: 10_000, default: LIMITS.json_depth_max })),
  header_count_max: optional(whole('Headers of a request.', 8, { maximum: 10_000, default: LIMITS.header_count_max })),
  concurrency_max: optional(
    whole('Requests in flight, health checks exempt; `ANVIL_MAX_CONCURRENCY` sets it where the file does not.', 1, {
      maximum: 1_000_000,
      default: LIMITS.concurrency_max,
    }),
  ),
  queue_max: optional(
    whole('Requests waiting for one tier with `max_concurrency`; 0 never waits.', 0, {
      maximum: 1_000_000,
      default: LIMITS.queue_max,
    }),
  ),
  queue_wait_seconds: optional(
    seconds('Longest wait in that queue before the next tier is tried.', { default: LIMITS.queue_wait_seconds }),
  ),
  sessions_max: optional(
    whole('Sessions remembered for affinity and budgets; the oldest are forgotten.', 1, {
      maximum: 1_000_000,
      default: LIMITS.sessions_max,
    }),
  ),
  body_read_seconds: optional(
    seconds('Until a request body has arrived completely.', { default: LIMITS.body_read_seconds }),
  ),
  drain_seconds: optional(
    seconds('Time for requests in flight when the router is told to stop.', { default: LIMITS.drain_seconds }),
  ),
});

export const store = table('Decision records: metadata only, never content.', {
  path: optional(text('SQLite file, relative to this one.', { defaultNote: 'kept in memory' })),
  age_days_max: optional(whole('Days a record is kept.', 1, { maximum: 36_500, default: STORE.age_days_max })),
  size_mib_max: optional(
    whole('MiB of the file; the oldest records go first.', 1, { maximum: 1_048_576, default: STORE.size_mib_max }),
  ),
});
