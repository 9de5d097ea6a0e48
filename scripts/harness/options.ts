/** What does the command line of `bun run test:harness` ask for? */
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Client, DIALECTS, type Dialect } from '#scripts/harness/client';
import { CLIENTS } from '#scripts/harness/clients';
import { CASES, type CaseName } from '#scripts/harness/scripts';
import { ROUTER_MAIN } from '#scripts/harness/world';

export interface Options {
  readonly clients: readonly Client[];
  readonly callers: readonly Dialect[];
  readonly tiers: readonly Dialect[];
  readonly cases: readonly CaseName[];
  /** Results are merged into this file. */
  readonly json: string | undefined;
  readonly write: boolean;
  readonly keepAll: boolean;
  readonly router: string;
  readonly cache: string;
  readonly evidence: string;
}

export const USAGE = `bun run test:harness [flags]
  --only NAMES          clients, separated by commas: ${CLIENTS.map(({ name }) => name).join(', ')}
  --caller-dialect NAMES, --tier-dialect NAMES   of ${Object.keys(DIALECTS).join(', ')}
  --case NAMES          of ${CASES.join(', ')}
  --router PATH         another main.ts, or a compiled binary
  --json FILE           merge the results into this file
  --write               write the matrix into docs/harnesses.md
  --keep                keep the traces of good cases too
ANVIL_HARNESS_CACHE names the folder where installed clients are kept between runs, ANVIL_HARNESS_EVIDENCE the one for
the traces of failed cases.
`;

/** @throws Error for a name that is not in the list */
const chosen = <Name extends string>(
  flag: string,
  given: string | undefined,
  all: readonly Name[],
): readonly Name[] => {
  if (given === undefined) return all;
  return given.split(',').map((word) => {
    const found = all.find((name) => name === word.trim());
    if (found === undefined) throw new Error(`--${flag}: "${word}" is none of ${all.join(', ')}`);
    return found;
  });
};

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

/** @throws Error with one line for people, when a flag or a name is unknown */
export const readOptions = (words: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...words],
    options: {
      only: text,
      'caller-dialect': text,
      'tier-dialect': text,
      case: text,
      router: text,
      json: text,
      write: flag,
      keep: flag,
    },
  });
  const names = chosen(
    'only',
    values.only,
    CLIENTS.map(({ name }) => name),
  );
  const dialects = Object.keys(DIALECTS) as Dialect[];
  const folder = (name: string, otherwise: string): string => resolve(process.env[name] ?? join(tmpdir(), otherwise));
  return {
    clients: CLIENTS.filter(({ name }) => names.includes(name)),
    callers: chosen('caller-dialect', values['caller-dialect'], dialects),
    tiers: chosen('tier-dialect', values['tier-dialect'], dialects),
    cases: chosen('case', values.case, CASES),
    json: values.json,
    write: values.write,
    keepAll: values.keep,
    router: values.router === undefined ? ROUTER_MAIN : resolve(values.router),
    cache: folder('ANVIL_HARNESS_CACHE', 'anvil-harness-cache'),
    evidence: folder('ANVIL_HARNESS_EVIDENCE', 'anvil-harness-evidence'),
  };
};
