/** When is the queue of decisions written and the file cleared up, so that no request waits and nothing grows? */
import type { DecisionRecord } from '#core/decision';
import type { Clock, TimerHandle } from '#platform/effects';
import type { DecisionFile } from '#store/decision-file';
import type { Problems } from '#store/decision-problems';
import type { DecisionQueue } from '#store/decision-queue';
import { type DecisionRow, rowOf } from '#store/decision-row';

export interface WriterInput {
  readonly path: string;
  readonly ageMaxDays: number;
  readonly bytesMax: number;
  readonly clock: Clock;
  readonly queue: DecisionQueue;
  readonly file: DecisionFile;
  readonly problems: Problems;
}

export interface WriterCounts {
  readonly appended: number;
  readonly written: number;
  readonly dropped: number;
}

export interface DecisionWriter {
  append(record: DecisionRecord): void;
  flush(): void;
  close(): void;
  counts(): WriterCounts;
}

const BATCH_ROWS = 25;
const FLUSH_EVERY_MS = 200;
const RETRY_EVERY_MS = 5_000;
const UPKEEP_EVERY_MS = 60_000;
/** Turns that an explicit flush waits for another process's write to end, 25 ms each. */
const FLUSH_BUSY_TURNS_MAX = 40;
const DAY_MS = 86_400_000;

type Written = ReturnType<DecisionFile['write']>;

/** Moves batches from the queue to the file, and counts what is lost on the way. */
const createBatches = ({ path, queue, file, problems }: WriterInput) => {
  const counts = { appended: 0, written: 0, dropped: 0 };
  let untold = 0;
  const lose = (records: number): void => {
    counts.dropped += records;
    untold += records;
  };
  return {
    counts,
    lose,
    tellLosses(): void {
      if (untold === 0) return;
      problems.report(
        'dropped',
        `decision log: decisions for ${path} are being lost — see what was told of it`,
        untold,
      );
      untold = 0;
    },
    writeOne(): Written {
      const batch = queue.oldest(BATCH_ROWS);
      const rows: DecisionRow[] = [];
      for (const record of batch) {
        try {
          rows.push(rowOf(record));
        } catch (error) {
          // Left in the queue it would block all others for ever.
          problems.report('unwritable-record', `decision log: not JSON: ${String(error)} — report this as a bug`);
        }
      }
      const result = file.write(rows);
      if (result !== 'written') return result;
      queue.discard(batch.length);
      counts.written += rows.length;
      counts.dropped += batch.length - rows.length;
      return result;
    },
  };
};

/** Once a minute: age, and whether the file is still in its place. After each batch: size. */
const createUpkeep = ({ clock, ageMaxDays, bytesMax, file }: WriterInput) => {
  let dueAt = Number.NEGATIVE_INFINITY;
  let more = false;
  return {
    step(): void {
      if (clock.now() >= dueAt) {
        dueAt = clock.now() + UPKEEP_EVERY_MS;
        more = true;
        file.checkPlace();
      }
      if (file.failing || !(more || file.usedBytes() > bytesMax)) return;
      more = file.sweep({ oldestAt: clock.wall() - ageMaxDays * DAY_MS, bytesMax });
    },
    isUnfinished: (): boolean => more,
  };
};

export const createDecisionWriter = (input: WriterInput): DecisionWriter => {
  const { clock, queue, file } = input;
  const batches = createBatches(input);
  const upkeep = createUpkeep(input);
  let timer: TimerHandle | undefined;
  /** The timer that runs is the short one, after a full batch. */
  let hurried = false;
  let closed = false;

  const arm = (ms: number): void => {
    if (timer !== undefined) clock.clearTimeout(timer);
    hurried = ms === 0;
    timer = clock.setTimeout(turn, ms);
  };

  const turn = (): void => {
    timer = undefined;
    hurried = false;
    batches.tellLosses();
    const result = queue.length > 0 ? batches.writeOne() : 'written';
    if (result === 'written') upkeep.step();
    if (result === 'failed') arm(RETRY_EVERY_MS);
    else if (result === 'written' && queue.length >= BATCH_ROWS) arm(0);
    else if (queue.length > 0 || upkeep.isUnfinished()) arm(FLUSH_EVERY_MS);
  };

  const flush = (): void => {
    for (let busyTurns = 0; queue.length > 0; ) {
      const result = batches.writeOne();
      if (result === 'busy') busyTurns += 1;
      if (result === 'failed' || busyTurns >= FLUSH_BUSY_TURNS_MAX) break;
    }
    batches.tellLosses();
    upkeep.step();
  };

  return {
    append(record) {
      batches.counts.appended += 1;
      if (closed) {
        batches.lose(1);
        return;
      }
      if (!queue.push(record)) batches.lose(1);
      if (timer === undefined) arm(FLUSH_EVERY_MS);
      else if (queue.length === BATCH_ROWS && !hurried && !file.failing) arm(0);
    },
    flush,
    close() {
      if (closed) return;
      flush();
      closed = true;
      if (timer !== undefined) clock.clearTimeout(timer);
      timer = undefined;
      batches.lose(queue.length);
      queue.discard(queue.length);
      batches.tellLosses();
      file.close();
    },
    counts: () => batches.counts,
  };
};
