/** Which promises of the project were kept in this run, by how much, and against what? */

import type { MicroResult } from './commands';
import type { MemoryReading } from './memory';
import type { Scenario } from './rounds';
import type { Quantity, Summary } from './summary';

export interface Verdict {
  readonly target: string;
  readonly limit: string;
  readonly measured: number;
  readonly unit: string;
  /** Undefined where nothing was measured. */
  readonly met: boolean | undefined;
}

export interface Findings {
  readonly summary: Summary;
  readonly memory: readonly MemoryReading[];
  /** Median of spawn to first /healthz, in milliseconds. */
  readonly coldStart: { readonly source: number | undefined; readonly binary: number | undefined };
  readonly micro: readonly MicroResult[];
}

/** A chunk is delayed when half of them wait longer than this behind the floor's, in milliseconds. */
const DELAY_MS_MAX = 0.3;
/** Reads per event, as a share of the floor's; a little less is how the reader's own turns fall. */
const READS_SHARE_MIN = 0.98;

const MILLI = 1 / 1000;

const judged = (target: string, sign: '>=' | '<=' | '<', bound: number, unit: string, measured: number): Verdict => {
  const kept = sign === '>=' ? measured >= bound : sign === '<=' ? measured <= bound : measured < bound;
  return {
    target,
    limit: `${sign} ${bound} ${unit}`.trim(),
    measured,
    unit,
    met: Number.isNaN(measured) ? undefined : kept,
  };
};

/** Throughput and CPU in mode `none`, for both kinds of small answers. */
const ofRequests = (summary: Summary): readonly Verdict[] =>
  (['json', 'sse'] as const).flatMap((kind) => {
    const what = kind === 'json' ? 'JSON' : 'short stream';
    const busy = (quantity: 'perSecond' | 'cpu'): number => summary.ratio(`${kind}-32`, 'none', 'floor', quantity);
    const added = summary.addedRatio(`${kind}-1`, 'none', 'floor', 'direct', 'p50');
    return [
      judged(`none, ${what}, 32 connections: requests/s, of the floor`, '>=', 0.6, 'x', busy('perSecond')),
      judged(`none, ${what}, 32 connections: CPU per request, of the floor`, '<=', 2, 'x', busy('cpu')),
      judged(`none, ${what}, 1 connection: added p50, of what the floor adds`, '<=', 1.5, 'x', added),
    ];
  });

/** First bytes and events, in the two modes that let a stream through. */
const ofStreams = (summary: Summary): readonly Verdict[] =>
  (['none', 'block'] as const).flatMap((mode) => {
    const addedMs = (scenario: Scenario, quantity: Quantity): number =>
      summary.added(scenario, mode, 'floor', quantity) * MILLI;
    const cpu = summary.ratio('events-64', mode, 'floor', 'cpu');
    const reads = summary.ratio('events-64', mode, 'floor', 'readsPerEvent');
    return [
      judged(`${mode}: TTFT added over the floor, p50`, '<', 0.3, 'ms', addedMs('ttft-1', 'firstByteP50')),
      judged(`${mode}: TTFT added over the floor, p99`, '<', 1, 'ms', addedMs('ttft-1', 'firstByteP99')),
      judged(`${mode}: CPU per event, of the floor`, '<=', mode === 'none' ? 1.3 : 2, 'x', cpu),
      judged(`${mode}: nothing coalesced: reads per event, of the floor`, '>=', READS_SHARE_MIN, 'x', reads),
      judged(
        `${mode}: nothing delayed: event over the floor, p50`,
        '<',
        DELAY_MS_MAX,
        'ms',
        addedMs('events-64', 'p50'),
      ),
    ];
  });

/** Every target of the project, with what this run measured. */
export const judge = ({ summary, memory, coldStart, micro }: Findings): readonly Verdict[] => {
  const resident = (name: string): number => memory.find((reading) => reading.name === name)?.withStreams ?? Number.NaN;
  return [
    ...ofRequests(summary),
    ...ofStreams(summary),
    judged('none: RSS with 1,000 idle streams', '<', 120, 'MB', resident('none')),
    judged('block: RSS with 1,000 idle streams', '<', 120, 'MB', resident('block')),
    judged('binary: start to first /healthz, median', '<', 100, 'ms', coldStart.binary ?? Number.NaN),
    ...micro
      .filter(({ name }) => name.endsWith('classify, resolve and plan'))
      .map(({ name, micros }) => judged(`${name}, p50`, '<', 2, 'ms', micros.p50 * MILLI)),
  ];
};
