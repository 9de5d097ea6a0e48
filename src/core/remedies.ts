/** What can the operator do about each way in which a request or an attempt goes wrong? */
import type { AttemptFailureKind, FailureKind } from '#core/failure';
import type { SlotRefusalKind } from '#core/slot-lease';

/** For a request as a whole. */
export const REMEDY_OF_FAILURE: Record<FailureKind, string> = {
  'bad-json': 'the caller sent a body that is not JSON: check the client or what stands between it and the router',
  'bad-request': 'the caller sent a request its dialect does not allow: check the client and its version',
  'body-too-large': 'shorten the conversation, or raise body_bytes_max in [router.limits]',
  'too-deep': 'the body is nested too deeply to be a real request: check the client',
  'length-required': 'the client must send Content-Length or chunked encoding, not neither or both',
  unauthorized: "give the client one of the access tokens named in [server], or check the token's variable",
  'not-found': 'ask GET /v1/models or GET /v1/decisions for the names there are',
  'no-endpoint': "check the client's base URL and the path it appends; the router does not have this one",
  'method-not-allowed': "check the client's base URL and method",
  'caller-error': 'the tier found fault with the request itself: the client has to change it, no other tier was tried',
  'over-context': 'compact the conversation, or add a tier with a larger context_limit to the pool',
  denied:
    'measure a tier for this class, or add a cloud tier with the class in metered_cloud, or set when_unproven = "verify"',
  metered: 'list the class in metered_cloud of [router], or measure a local tier until it is allowed',
  uncredentialed: "set the variable named by the tier's auth_env, then restart",
  unsupported: 'add a tier to the pool that supports the feature (tool_support, input)',
  unavailable: "start the tier's engine; a breaker that is open tries again by itself",
  'pin-unavailable': 'an exact name is served by its own tier or not at all: start that tier, or ask for a preset',
  exhausted: 'see the attempts: every tier that may serve this was tried or skipped',
  'budget-spent': 'raise the cap in [router.budgets], or wait for the new day (UTC) or a new session',
  overloaded: 'raise concurrency_max in [router.limits] or max_concurrency of the tier, or send less at once',
  draining: 'the router was shutting down: ask again when it is back',
  deadline: 'raise total_seconds in [router.attempts], or put a faster tier first',
  broken: 'the answer had begun, so nothing else could be tried: the caller has to ask again',
  internal: 'this is a bug of the router: report it with this decision and the log around it',
};

/** For one attempt on one tier. */
export const REMEDY_OF_ATTEMPT: Record<AttemptFailureKind, string> = {
  unreachable: 'start its engine and check base_url',
  timeout: 'see which deadline passed; a model that loads slowly needs a longer first_byte_seconds',
  'rate-limited': 'lower max_concurrency for it, or raise its quota',
  'server-error': "look into the engine's own log at that time",
  unauthorized: 'its key is refused: correct the variable named by auth_env, then restart',
  'context-overflow': 'its context_limit in the configuration is larger than what the engine really runs with',
  'caller-error': 'the request itself is at fault, in the words of the tier',
  malformed: 'what answers at base_url does not speak the dialect configured for it',
  'cut-off': "the connection ended before the answer did: look into the engine's log, or for a proxy in between",
  rejected: 'its answer was proved bad; if that is common for this class, measure it again or deny it',
  overflow: 'its answer outgrew what may be held: raise bytes_max in [router.hold], or hold less for this class',
  busy: 'all its places were taken: raise max_concurrency, or queue_max and queue_wait_seconds in [router.limits]',
};

/** For an attempt that was refused its model on a shared GPU. Keys are those of the registry. */
export const REMEDY_OF_SLOT: Record<SlotRefusalKind, string> = {
  'unknown-model': 'name its model as the registry of its swap group does, or add it there',
  'queue-full': 'raise queue_max in the registry, or send less at once',
  'wait-limit': 'raise wait_bound_seconds in the registry, or give models that are used together a GPU of their own',
  'load-failed': "read the last lines of its model's server: they are in `anvil-serving multiplexer status`",
  'no-memory': 'free host memory, or raise ram_cap_gb in the registry if less is really needed',
  unavailable: 'the multiplexer was leaving: ask again when it is back',
  aborted: 'the caller hung up while it waited',
};

/** For an answer that was ended because its model had to make room. */
export const REMEDY_OF_CUT = 'raise drain_timeout_seconds in the registry, or give the models a GPU of their own';
