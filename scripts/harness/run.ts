/** Does every real client work through the router? Installs them, drives each through every case, prints the matrix. */

import { VERSION } from '#core/version';
import { type Result, runCase } from '#scripts/harness/cases';
import { killAllGroups } from '#scripts/harness/child';
import type { Client } from '#scripts/harness/client';
import { CLIENTS } from '#scripts/harness/clients';
import { isFailureName } from '#scripts/harness/failures';
import { INSIDE, runInside } from '#scripts/harness/inside';
import { type Installed, install } from '#scripts/harness/install';
import { type Missing, mergeReports, type Report, renderMatrix, withMatrix } from '#scripts/harness/matrix';
import { reasonAgainst, type Skipped } from '#scripts/harness/means';
import { type Options, readOptions, USAGE } from '#scripts/harness/options';
import type { CaseName } from '#scripts/harness/scripts';
import { isWaitName } from '#scripts/harness/waits';

const PAGE = new URL('../../docs/harnesses.md', import.meta.url);
const tell = (text: string): void => void process.stderr.write(`${text}\n`);

interface Ready {
  readonly client: Client;
  readonly installed: Extract<Installed, { readonly ok: true }>;
}

const installAll = async (
  { clients, cache }: Options,
  failed: readonly Missing[],
): Promise<{ readonly ready: readonly Ready[]; readonly missing: readonly Missing[] }> => {
  const ready: Ready[] = [];
  const missing: Missing[] = [...failed];
  for (const client of clients.filter(({ name }) => failed.every((entry) => entry.client !== name))) {
    const installed = await install(client, cache);
    if (installed.ok) ready.push({ client, installed });
    else missing.push({ client: client.name, version: client.version, reason: installed.reason });
  }
  return { ready, missing };
};

const isFailure = (name: CaseName): boolean => name === 'exhaustion' || isFailureName(name) || isWaitName(name);

/** What a client does about a failure does not depend on the tier's dialect: it is run once. */
const casesOf = (options: Options, tierIndex: number) =>
  options.cases.filter((name) => tierIndex === 0 || !isFailure(name));

type Outcome = Result | Skipped;

/** Drives one client through its cases, one after the other. */
const drive = async function* (options: Options, { client, installed }: Ready): AsyncGenerator<Outcome> {
  for (const caller of client.dialects.filter((dialect) => options.callers.includes(dialect))) {
    for (const [index, tier] of options.tiers.entries()) {
      for (const name of casesOf(options, index)) {
        const reason = reasonAgainst(client, name, caller, tier);
        if (reason !== undefined) {
          yield { client: client.name, caller, tier, case: name, reason };
          continue;
        }
        const { router, evidence, keepAll } = options;
        const result = await runCase({ client, installed, caller, tier, name, router, evidence, keepAll });
        const verdict = result.ok ? 'good' : `FAILED: ${result.note}`;
        tell(`${client.name} ${caller} → ${tier}, ${name}: ${verdict} (${result.requests} requests, ${result.ms} ms)`);
        yield result;
      }
    }
  }
};

const readReport = async (path: string): Promise<Report | undefined> => {
  const file = Bun.file(path);
  return (await file.exists()) ? ((await file.json()) as Report) : undefined;
};

/** With what earlier runs have left in the file; written after every case, so that a run that is ended is not lost. */
const keep = async ({ json }: Options, report: Report): Promise<Report> => {
  if (json === undefined) return report;
  const older = await readReport(json);
  const whole = older === undefined ? report : mergeReports(older, report);
  await Bun.write(json, `${JSON.stringify(whole, null, 1)}\n`);
  return whole;
};

const finish = async (options: Options, report: Report): Promise<number> => {
  const { write, evidence } = options;
  const whole = await keep(options, report);
  const matrix = renderMatrix(
    whole,
    CLIENTS.map(({ name }) => name),
  );
  process.stdout.write(matrix);
  if (write) await Bun.write(PAGE, withMatrix(await Bun.file(PAGE).text(), matrix));
  const bad = report.results.filter(({ ok }) => !ok).length;
  if (bad > 0) tell(`${bad} of ${report.results.length} cases failed; their traces are in ${evidence}`);
  return bad > 0 || report.missing.length > 0 ? 1 : 0;
};

const main = async (words: readonly string[]): Promise<number> => {
  if (words.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  const options = readOptions(words);
  const inside = process.env[INSIDE];
  const { ready, missing } = await installAll(options, inside === undefined ? [] : (JSON.parse(inside) as Missing[]));
  if (inside === undefined && process.platform === 'linux') {
    const code = await runInside(import.meta.path, words, JSON.stringify(missing));
    if (code !== undefined) return code;
    tell('no network namespace can be made here: clients may look up hosts other than this one');
  }
  const results: Result[] = [];
  const skipped: Skipped[] = [];
  const report: Report = { router: VERSION, results, skipped, missing };
  for (const one of ready) {
    for await (const outcome of drive(options, one)) {
      if ('reason' in outcome) skipped.push(outcome);
      else results.push(outcome);
      await keep(options, report);
    }
  }
  return finish(options, report);
};

process.on('exit', killAllGroups);
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => process.exit(130));
const exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  tell(`test:harness: ${error instanceof Error ? error.message : String(error)}`);
  return 2;
});
// A listener that a failed case left behind must not keep the process.
process.exit(exitCode);
