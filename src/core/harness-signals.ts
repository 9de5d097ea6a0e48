/** Which harness sent this request, and what is the request for? Read from its marks; never from prose alone. */
import {
  HARNESS_BY_AGENT,
  HARNESS_BY_HEADER,
  type Harness,
  type HeaderReader,
  REQUEST_CLASS_OF,
  type SignalFacts,
} from '#core/harness-table';
import type { RequestClass } from '#core/request-class';

export interface HarnessSignals {
  readonly harness?: Harness;
  readonly requestClass?: RequestClass;
}

/** Enough of a User-Agent to tell whose it is. */
const AGENT_CHARS = 64;

const NONE: HarnessSignals = {};

const harnessOf = (header: HeaderReader): Harness | undefined => {
  for (const [name, harness] of HARNESS_BY_HEADER) if (header(name)) return harness;
  const agent = header('user-agent')?.slice(0, AGENT_CHARS);
  return agent ? HARNESS_BY_AGENT.find(([pattern]) => pattern.test(agent))?.[1] : undefined;
};

/** The marks of one request: three header reads, and up to four more for a harness that says what it wants. */
export const harnessSignals = (header: HeaderReader, facts: SignalFacts): HarnessSignals => {
  const harness = harnessOf(header);
  if (harness === undefined) return NONE;
  const requestClass = REQUEST_CLASS_OF[harness]?.(header, facts);
  return requestClass === undefined ? { harness } : { harness, requestClass };
};
