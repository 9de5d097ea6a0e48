/** Which model servers run on this machine, as far as asking the usual ports on loopback can tell? */
import { configText, foundTiers } from '#ops/discover-config';
import { createProber } from '#ops/discover-http';
import { inspect } from '#ops/discover-inspect';
import type { Found } from '#ops/discover-models';
import { reportLines } from '#ops/discover-report';
import type { Clock, FetchLike } from '#platform/effects';

/** Where engines listen unless told otherwise: Ollama, LM Studio, llama.cpp, vLLM, and SGLang with its second server. */
export const DEFAULT_ENDPOINTS: readonly string[] = [
  'http://127.0.0.1:11434',
  'http://127.0.0.1:1234',
  'http://127.0.0.1:8080',
  'http://127.0.0.1:8000',
  'http://127.0.0.1:30000',
  'http://127.0.0.1:30001',
];

/** Addresses asked in one go. */
const ENDPOINTS_MAX = 64;

export interface DiscoverOptions {
  readonly fetch: FetchLike;
  readonly clock: Clock;
  /** Deadline of one question; at most four questions follow each other. */
  readonly probeMs?: number;
}

/**
 * Asks all endpoints at once (`http://host:port`, without a path) and returns what answered, in the order given.
 * Takes at most four times `probeMs`; never rejects.
 */
export const discoverEngines = async (
  options: DiscoverOptions,
  endpoints: readonly string[] = DEFAULT_ENDPOINTS,
): Promise<readonly Found[]> => {
  const prober = createProber(options.fetch, options.clock, options.probeMs);
  const origins = [...new Set(endpoints.map((endpoint) => endpoint.replace(/\/+$/, '')))].slice(0, ENDPOINTS_MAX);
  const found = await Promise.all(origins.map((origin) => inspect(prober, origin)));
  return found.filter((one) => one !== undefined);
};

/** A complete configuration file for what was found; undefined when there is no model to route to. */
export const toTierConfig = (found: readonly Found[]): string | undefined => {
  const tiers = foundTiers(found);
  return tiers.length === 0 ? undefined : configText(tiers);
};

/** What was found and what becomes of it, as lines for a terminal; says what to do when there is no model to route to. */
export const report = (found: readonly Found[]): readonly string[] =>
  reportLines(found, foundTiers(found), DEFAULT_ENDPOINTS);
