/** How do the results look to a person? Plain tables, and the same as Markdown for the documentation. */

import type { MicroResult } from './commands';
import type { MemoryReading } from './memory';
import { shown } from './numbers';
import { SCENARIOS, type Scenario } from './rounds';
import type { Summary } from './summary';
import type { Verdict } from './targets';

type Row = readonly string[];

/** A Markdown table whose columns are aligned, so that it reads well as plain text too. */
const table = (head: Row, rows: readonly Row[]): string => {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: Row): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
};

const TITLES: Readonly<Record<Scenario, string>> = {
  'json-1': 'Small JSON reply, 1 connection',
  'json-32': 'Small JSON reply, 32 connections',
  'sse-1': 'Short stream (20 events at once), 1 connection',
  'sse-32': 'Short stream (20 events at once), 32 connections',
  'ttft-1': 'First byte of a streamed reply, 1 connection',
  'events-64': '64 streams at once, an event every 5 ms each',
};

const loopTable = (scenario: Scenario, names: readonly string[], summary: Summary): string =>
  table(
    [
      '',
      'p50 µs',
      'p99 µs',
      'added p50 µs',
      'added p99 µs',
      'requests/s',
      'of the floor',
      'CPU µs/request',
      'of the floor',
      'failed',
    ],
    names.map((name) => [
      name,
      shown(summary.value(scenario, name, 'p50')),
      shown(summary.value(scenario, name, 'p99')),
      name === 'direct' ? '-' : shown(summary.added(scenario, name, 'direct', 'p50')),
      name === 'direct' ? '-' : shown(summary.added(scenario, name, 'direct', 'p99')),
      shown(summary.value(scenario, name, 'perSecond')),
      `${shown(summary.ratio(scenario, name, 'floor', 'perSecond'))}x`,
      shown(summary.value(scenario, name, 'cpu')),
      name === 'direct' ? '-' : `${shown(summary.ratio(scenario, name, 'floor', 'cpu'))}x`,
      String(summary.failed(scenario, name)),
    ]),
  );

const firstByteTable = (names: readonly string[], summary: Summary): string =>
  table(
    [
      '',
      'p50 µs',
      'p99 µs',
      'p50 over direct',
      'p99 over direct',
      'p50 over the floor',
      'p99 over the floor',
      'failed',
    ],
    names.map((name) => [
      name,
      shown(summary.value('ttft-1', name, 'firstByteP50')),
      shown(summary.value('ttft-1', name, 'firstByteP99')),
      shown(summary.added('ttft-1', name, 'direct', 'firstByteP50')),
      shown(summary.added('ttft-1', name, 'direct', 'firstByteP99')),
      shown(summary.added('ttft-1', name, 'floor', 'firstByteP50')),
      shown(summary.added('ttft-1', name, 'floor', 'firstByteP99')),
      String(summary.failed('ttft-1', name)),
    ]),
  );

const eventTable = (names: readonly string[], summary: Summary): string =>
  table(
    ['', 'delay p50 µs', 'delay p99 µs', 'jitter µs', 'reads per event', 'CPU µs/event', 'of the floor', 'failed'],
    names.map((name) => [
      name,
      shown(summary.value('events-64', name, 'p50')),
      shown(summary.value('events-64', name, 'p99')),
      shown(summary.value('events-64', name, 'jitter')),
      shown(summary.value('events-64', name, 'readsPerEvent')),
      shown(summary.value('events-64', name, 'cpu')),
      name === 'direct' ? '-' : `${shown(summary.ratio('events-64', name, 'floor', 'cpu'))}x`,
      String(summary.failed('events-64', name)),
    ]),
  );

/** The tables of the load, one per scenario. */
export const loadTables = (names: readonly string[], summary: Summary): string =>
  SCENARIOS.map((scenario) => {
    const body =
      scenario === 'ttft-1'
        ? firstByteTable(names, summary)
        : scenario === 'events-64'
          ? eventTable(names, summary)
          : loopTable(scenario, names, summary);
    return `### ${TITLES[scenario]}\n\n${body}`;
  }).join('\n\n');

export const memoryTable = (readings: readonly MemoryReading[]): string =>
  table(
    ['RSS in MB', 'idle', 'with idle streams', 'streams', 'after they left'],
    readings.map(({ name, idle, withStreams, open, afterwards }) => [
      name,
      shown(idle),
      shown(withStreams),
      String(open),
      shown(afterwards),
    ]),
  );

export const microTable = (results: readonly MicroResult[]): string =>
  table(
    ['in one process', 'p50 µs', 'p99 µs'],
    results.map(({ name, micros }) => [name, shown(micros.p50), shown(micros.p99)]),
  );

export const targetTable = (verdicts: readonly Verdict[]): string =>
  table(
    ['target', 'limit', 'measured', ''],
    verdicts.map(({ target, limit, measured, unit, met }) => [
      target,
      limit,
      `${shown(measured)} ${Number.isNaN(measured) ? '' : unit}`.trim(),
      met === undefined ? 'not measured' : met ? 'met' : 'MISSED',
    ]),
  );
