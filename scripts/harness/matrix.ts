/** How do the results of a run read as a table for people, and as the block of docs/harnesses.md? */

import type { Result } from '#scripts/harness/cases';
import { DIALECTS } from '#scripts/harness/client';
import { FAILURES, isFailureName } from '#scripts/harness/failures';
import { FAILED_REQUESTS_MAX } from '#scripts/harness/judge';
import type { Skipped } from '#scripts/harness/means';
import { REPAIRS } from '#scripts/harness/repairs';
import { type CaseName, TURNS } from '#scripts/harness/scripts';
import { WAITS } from '#scripts/harness/waits';

/** A client that is not there, with the reason. */
export interface Missing {
  readonly client: string;
  readonly version: string;
  readonly reason: string;
}

export interface Report {
  readonly router: string;
  readonly results: readonly Result[];
  /** Absent in reports of older versions. */
  readonly skipped?: readonly Skipped[];
  readonly missing: readonly Missing[];
}

/** Everything in the one report, and of the other what this one has not. */
export const mergeReports = (older: Report, newer: Report): Report => {
  const keyOf = (result: Result | Skipped): string =>
    [result.client, result.caller, result.tier, result.case].join(' ');
  const results = new Map([...older.results, ...newer.results].map((result) => [keyOf(result), result]));
  const skipped = new Map([...(older.skipped ?? []), ...(newer.skipped ?? [])].map((entry) => [keyOf(entry), entry]));
  const ran = new Set([...results.values()].map(({ client }) => client));
  const missing = new Map([...older.missing, ...newer.missing].map((entry) => [entry.client, entry]));
  return {
    router: newer.router,
    results: [...results.values()],
    skipped: [...skipped.values()].filter((entry) => !results.has(keyOf(entry))),
    missing: [...missing.values()].filter(({ client }) => !ran.has(client)),
  };
};

const line = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

/** Of a client that cannot be served: its requests, and in how long. */
const countOf = ({ ok, note, requests, ms, ended }: Result): string => {
  const count = `${requests} in ${(ms / 1000).toFixed(0)} s${ended ? '' : ', waits'}`;
  if (ok) return count;
  return requests > FAILED_REQUESTS_MAX ? `**storm:** ${count}` : `**no:** ${note} (${count})`;
};

const cellOf = (results: readonly Result[], name: CaseName): string => {
  const found = results.find((result) => result.case === name);
  if (found === undefined) return '–';
  if (name === 'exhaustion' || isFailureName(name)) return countOf(found);
  return found.ok ? `yes (${found.requests})` : `**no:** ${found.note}`;
};

type RowKey = 'client' | 'version' | 'caller' | 'tier';

/** One row for each combination of what the keys name, one column for each case. */
const tableOf = (
  results: readonly Result[],
  keys: readonly RowKey[],
  cases: readonly CaseName[],
): readonly string[] => {
  const heads = [...keys, ...cases];
  const rows = Map.groupBy(
    results.filter((result) => cases.includes(result.case)),
    (result) => line(keys.map((key) => result[key])),
  );
  const bodies = [...rows.values()].flatMap((own) =>
    own.slice(0, 1).map((first) => [...keys.map((key) => first[key]), ...cases.map((name) => cellOf(own, name))]),
  );
  return bodies.length === 0 ? [] : [line(heads), line(heads.map(() => '---')), ...bodies.map(line), ''];
};

/** One line for each case and reason, with the clients that it holds for. */
const reasonsOf = (skipped: readonly Skipped[], order: readonly string[]): readonly string[] => {
  const groups = Map.groupBy(skipped, (entry) => `${entry.case} ${entry.reason}`);
  const lines = [...groups.values()].flatMap((entries) => {
    const clients = order.filter((name) => entries.some(({ client }) => client === name));
    return entries.slice(0, 1).map((first) => `- ${first.case} of ${clients.join(', ')}: ${first.reason}.`);
  });
  return lines.length === 0 ? [] : ['Not run:', '', ...lines, ''];
};

/** @param order names of the clients, as the matrix lists them */
export const renderMatrix = ({ router, results, skipped = [], missing }: Report, order: readonly string[]): string => {
  const dialects = Object.keys(DIALECTS);
  const placeOf = ({ client, caller, tier }: Result): number =>
    (order.indexOf(client) * dialects.length + dialects.indexOf(caller)) * dialects.length + dialects.indexOf(tier);
  const sorted = results.toSorted((a, b) => placeOf(a) - placeOf(b));
  const good = results.filter(({ ok }) => ok).length;
  const turns = tableOf(sorted, ['client', 'version', 'caller', 'tier'], TURNS);
  const repairs = tableOf(sorted, ['client', 'caller', 'tier'], REPAIRS);
  const failures = tableOf(sorted, ['client', 'caller'], FAILURES);
  const waits = tableOf(sorted, ['client', 'caller'], WAITS);
  const absent = missing.map(
    ({ client, version, reason }) => `- ${client} ${version} could not be installed: ${reason}`,
  );
  return [
    `anvil-serving ${router}: ${good} of ${results.length} cases good.`,
    '',
    ...turns,
    ...(repairs.length === 0 ? [] : ['Answers that the gate repairs, carries on or rejects:', '', ...repairs]),
    ...(failures.length === 0 ? [] : ['Requests after each failure, and the time they took:', '', ...failures]),
    ...(waits.length === 0 ? [] : ['Answers of a model that has to be loaded first:', '', ...waits]),
    ...reasonsOf(skipped, order),
    ...(absent.length === 0 ? [] : [...absent, '']),
  ].join('\n');
};

const BEGIN = '<!-- generated by `bun run test:harness --write`: do not edit -->';
const END = '<!-- end of the generated block -->';

/** The page with its block replaced. @throws Error when the page has no such block */
export const withMatrix = (page: string, matrix: string): string => {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`docs/harnesses.md has no block between "${BEGIN}" and "${END}"`);
  return `${page.slice(0, from + BEGIN.length)}\n\n${matrix}\n${page.slice(to)}`;
};
