/** The matrix shows what was run, keeps what an earlier run found, and replaces its block of the page only. */
import { describe, expect, test } from 'bun:test';
import type { Result } from '#scripts/harness/cases';
import { CLIENTS } from '#scripts/harness/clients';
import { mergeReports, type Report, renderMatrix, withMatrix } from '#scripts/harness/matrix';
import type { Skipped } from '#scripts/harness/means';
import { readOptions } from '#scripts/harness/options';

const result = (over: Partial<Result>): Result => ({
  client: 'pi',
  version: '1.0.0',
  caller: 'chat',
  tier: 'chat',
  case: 'answer',
  ok: true,
  ended: true,
  note: '',
  requests: 1,
  ms: 1400,
  ...over,
});
const report = (results: readonly Result[], missing: Report['missing'] = []): Report => ({
  router: '1.2.3',
  results,
  missing,
});
const linesOf = (shown: Report): readonly string[] => renderMatrix(shown, ['codex', 'pi']).split('\n');

describe('a row', () => {
  test('is one client with its version, both dialects and every case', () => {
    const results = [
      result({}),
      result({ case: 'tool', ok: false, note: 'a | b' }),
      result({ case: 'exhaustion', requests: 4 }),
    ];
    expect(linesOf(report(results))).toContain(
      '| pi | 1.0.0 | chat | chat | yes (1) | **no:** a \\| b | – | – | – | 4 in 1 s |',
    );
  });

  test('says of exhaustion who waits and who storms', () => {
    const waits = result({ case: 'exhaustion', ended: false, requests: 3 });
    const storms = result({ case: 'exhaustion', tier: 'messages', ok: false, requests: 30 });
    const lines = linesOf(report([waits, storms])).join('\n');
    expect(lines).toContain('| 3 in 1 s, waits |');
    expect(lines).toContain('| **storm:** 30 in 1 s |');
  });

  test('stands in the order of the clients', () => {
    const names = linesOf(report([result({}), result({ client: 'codex' })])).map((line) => line.split(' | ')[0]);
    expect(names.filter((name) => name?.startsWith('| ')).slice(2)).toEqual(['| codex', '| pi']);
  });
});

describe('failures', () => {
  const failures = [
    result({ case: 'overflow', ok: true, ms: 400 }),
    result({ case: 'budget', ok: false, requests: 27, ms: 15_000, ended: false, note: '27 requests are a storm' }),
    result({ case: 'broken', ok: false, requests: 1, note: 'no decision shows broken' }),
  ];

  test('have a table of their own, without the dialect of the tier', () => {
    const lines = linesOf(report([result({}), ...failures]));
    expect(lines).toContain('| client | caller | overflow | budget | caller-error | in-stream | broken |');
    expect(lines).toContain(
      '| pi | chat | 1 in 0 s | **storm:** 27 in 15 s, waits | – | – | **no:** no decision shows broken (1 in 1 s) |',
    );
    expect(lines).toContain('| pi | 1.0.0 | chat | chat | yes (1) | – | – | – | – | – |');
  });

  test('alone make no row among the turns, and turns alone none among them', () => {
    expect(linesOf(report(failures)).filter((text) => text.startsWith('| pi'))).toHaveLength(1);
    expect(linesOf(report([result({})])).filter((text) => text.startsWith('| client'))).toHaveLength(1);
  });
});

describe('repairs', () => {
  const repairs = [
    result({ case: 'mended', requests: 2 }),
    result({ case: 'bad-edit', ok: false, note: 'the file was not edited' }),
  ];

  test('have a table of their own, with the dialect of the tier', () => {
    const lines = linesOf(report([result({}), ...repairs]));
    expect(lines).toContain('| client | caller | tier | mended | as-text | asked-again | carried-on | bad-edit |');
    expect(lines).toContain('| pi | chat | chat | yes (2) | – | – | – | **no:** the file was not edited |');
  });
});

describe('what is not run', () => {
  const skip = (client: string, name: Skipped['case'], reason: string): Skipped => ({
    client,
    caller: 'chat',
    tier: 'chat',
    case: name,
    reason,
  });
  const skipped = [skip('pi', 'mended', 'it has no tools'), skip('codex', 'mended', 'it has no tools')];

  test('is one line for each reason, with the clients in order', () => {
    expect(linesOf({ ...report([result({})]), skipped })).toContain('- mended of codex, pi: it has no tools.');
  });

  test('is forgotten once it has run', () => {
    const merged = mergeReports({ ...report([]), skipped }, report([result({ case: 'mended' })]));
    expect(merged.skipped?.map(({ client }) => client)).toEqual(['codex']);
  });
});

test('a client that could not be installed is listed with the reason, until it has run', () => {
  const absent = { client: 'codex', version: '9.9.9', reason: 'registry says no' };
  const before = report([result({})], [absent]);
  expect(linesOf(before)).toContain('- codex 9.9.9 could not be installed: registry says no');
  expect(mergeReports(before, report([result({ client: 'codex' })])).missing).toEqual([]);
});

test('a later run replaces the same case and keeps the others', () => {
  const merged = mergeReports(report([result({ ok: false }), result({ case: 'tool' })]), report([result({})]));
  expect(merged.results.map(({ case: name, ok }) => [name, ok])).toEqual([
    ['answer', true],
    ['tool', true],
  ]);
});

test('the page keeps everything outside its block', async () => {
  const page = await Bun.file(new URL('../../docs/harnesses.md', import.meta.url)).text();
  const once = withMatrix(page, 'ONE\n');
  expect(withMatrix(once, 'TWO\n')).toBe(once.replace('ONE\n', 'TWO\n'));
  expect(() => withMatrix('no block', 'ONE\n')).toThrow('has no block');
});

describe('the command line', () => {
  test('runs everything when nothing is chosen', () => {
    const { clients, callers, tiers, cases } = readOptions([]);
    expect([clients.length, callers.length, tiers.length, cases.length]).toEqual([CLIENTS.length, 3, 3, 17]);
  });

  test('names what there is when a choice is none of it', () => {
    expect(() => readOptions(['--only', 'codex,pj'])).toThrow('--only: "pj" is none of codex, claude-code');
  });
});

test('versions of clients are exact', () => {
  const loose = CLIENTS.flatMap(({ packages }) => Object.values(packages)).filter(
    (version) => !/^\d+\.\d+\.\d+$/.test(version),
  );
  expect(loose).toEqual([]);
});
