/** What is a person told when the process could not raise the limits of its runtime? */
import { PROGRAM } from '#cli/help';
import type { Io } from '#cli/io';

/** @param verb that serves */
export const tellLimits = ({ limits, terminal }: Io, verb: string): void => {
  if (limits === undefined || limits.kind === 'raised') return;
  const why = limits.kind === 'failed' ? limits.reason : 'this system cannot replace a process';
  terminal.err(
    `${PROGRAM} ${verb}: limits of the runtime stay at 256 upstream requests and 16 KiB request heads (${why}) — set BUN_CONFIG_MAX_HTTP_REQUESTS=16384 to raise the first\n`,
  );
};
