/** A watched container ends when it ends, and not when its engine goes away for a while. */
import { describe, expect, test } from 'bun:test';
import { createScrubber } from '#core/redact';
import { exitDetail, watchContainer } from '#drivers/docker-watch';
import { createTail, TAIL_CHARS_MAX, TAIL_LINES_MAX } from '#drivers/driver';
import {
  type ContainerFacts,
  type DockerEngine,
  DockerError,
  type DockerFault,
  type LogLine,
} from '#platform/docker-engine';
import { createSimulatedClock, settle } from '#tests/support/clock';

const FACTS: ContainerFacts = {
  id: 'c1',
  name: 'anvil-x',
  status: 'exited',
  exitCode: 137,
  oomKilled: false,
  restartCount: 0,
  startedAt: 0,
  image: 'x',
  imageId: 'x',
  labels: {},
  entrypoint: [],
  args: [],
  env: [],
  ports: [],
};

const neverAsked = (): never => {
  throw new Error('nobody should ask this');
};

interface Turn {
  readonly resolve: (code: number) => void;
  readonly fail: (fault: DockerFault) => void;
}

/** An engine whose waits end when the test says so, and whose log is what the test wrote. */
const scriptedEngine = (facts: Partial<ContainerFacts> = {}) => {
  const waits: Turn[] = [];
  const log: LogLine[] = [];
  const follows: number[] = [];
  const state = { away: false, gone: false };
  const check = (): void => {
    if (state.away) throw new DockerError('unreachable', 'away');
    if (state.gone) throw new DockerError('missing', 'gone');
  };
  const engine: DockerEngine = {
    address: 'scripted',
    version: neverAsked,
    list: neverAsked,
    portHolder: neverAsked,
    hasVolume: neverAsked,
    imageId: neverAsked,
    create: neverAsked,
    start: neverAsked,
    stop: neverAsked,
    unpause: neverAsked,
    remove: neverAsked,
    inspect: async () => {
      check();
      return { ...FACTS, ...facts };
    },
    wait: (_id, signal) =>
      new Promise((resolve, reject) => {
        check();
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        waits.push({ resolve, fail: (fault) => reject(new DockerError(fault, fault)) });
      }),
    async *logs(_id, { tail, since, follow }) {
      check();
      if (follow) follows.push(since ?? -1);
      const from = since === undefined ? 0 : log.findIndex(({ at = '' }) => Date.parse(at) >= since * 1000);
      yield* (from < 0 ? [] : log.slice(from)).slice(tail === undefined ? 0 : -tail);
    },
  };
  return { engine, waits, log, follows, state };
};

const line = (second: number, text: string): LogLine => ({
  stream: 'out',
  text,
  at: `2026-01-01T00:00:${String(second).padStart(2, '0')}.500000000Z`,
});

/** What has settled so far; undefined while it has not. */
const peek = async <Value>(promise: Promise<Value>): Promise<Value | undefined> => {
  await settle();
  return Promise.race([promise, Promise.resolve(undefined)]);
};

describe('a watched container', () => {
  test('tells its end with its last lines', async () => {
    const { engine, waits, log } = scriptedEngine();
    const running = watchContainer(engine, 'c1', createSimulatedClock());
    await settle();
    log.push(line(1, 'one'), line(2, 'two'));
    waits[0]?.resolve(1);
    expect(await running.exited).toEqual({ code: 1, detail: 'exited with 1' });
    expect(running.tail()).toEqual(['one', 'two']);
  });

  test('repeats no secret, and nothing that a terminal would act on', async () => {
    const { engine, waits, log } = scriptedEngine();
    const scrub = createScrubber(['swordfish']);
    const running = watchContainer(engine, 'c1', createSimulatedClock(), scrub);
    await settle();
    log.push(line(1, 'key is swordfish'), line(2, '\u001b[31mred\u001b[0m\u0007\u0000'));
    waits[0]?.resolve(1);
    await running.exited;
    expect(running.tail()).toEqual(['key is [REDACTED]', 'red']);
  });

  test('takes out what looks like a secret, whoever has handed it over', async () => {
    const { engine, waits, log } = scriptedEngine();
    const running = watchContainer(engine, 'c1', createSimulatedClock());
    await settle();
    log.push(line(1, 'token hf_abcdefghijklmnopqrstuvwxyz'));
    waits[0]?.resolve(1);
    await running.exited;
    expect(running.tail()).toEqual(['token [REDACTED]']);
  });

  test('that ran out of memory says so', async () => {
    const { engine, waits } = scriptedEngine({ oomKilled: true });
    const running = watchContainer(engine, 'c1', createSimulatedClock());
    await settle();
    waits[0]?.resolve(137);
    expect(await running.exited).toEqual({ code: 137, detail: 'exited with 137 (out of memory)' });
  });

  test('has not ended because its engine is away: it is asked again, less and less often', async () => {
    const clock = createSimulatedClock();
    const { engine, waits, state } = scriptedEngine();
    const running = watchContainer(engine, 'c1', clock);
    await settle();
    state.away = true;
    waits[0]?.fail('unreachable');
    await clock.advance(120_000);
    expect(await peek(running.exited)).toBeUndefined();
    expect(waits.length).toBe(1);
    state.away = false;
    await clock.advance(10_000);
    expect(waits.length).toBe(2);
    waits[1]?.resolve(0);
    expect(await running.exited).toEqual({ code: 0, detail: 'exited with 0' });
  });

  test('is asked again at once when a wait has reached its limit', async () => {
    const clock = createSimulatedClock();
    const { engine, waits } = scriptedEngine();
    const running = watchContainer(engine, 'c1', clock);
    await settle();
    waits[0]?.fail('timeout');
    await settle();
    expect(waits.length).toBe(2);
    expect(await peek(running.exited)).toBeUndefined();
    running.letGo();
  });

  test('that was removed has ended, with what was read of it', async () => {
    const { engine, waits, log, state } = scriptedEngine();
    log.push(line(1, 'only line'));
    const running = watchContainer(engine, 'c1', createSimulatedClock());
    await settle();
    state.gone = true;
    waits[0]?.fail('missing');
    expect(await running.exited).toEqual({ code: undefined, detail: 'its container was removed' });
    expect(running.tail()).toEqual(['only line']);
  });

  test('is followed on where its log broke off, no line twice', async () => {
    const clock = createSimulatedClock();
    const { engine, log, follows } = scriptedEngine();
    log.push(line(1, 'one'), line(2, 'two'));
    const running = watchContainer(engine, 'c1', clock);
    await settle();
    expect(running.tail()).toEqual(['one', 'two']);
    log.push(line(2, 'same second as two'), line(3, 'three'));
    // The second line of one moment cannot be told from the first, so it waits for the reading at the end.
    await clock.advance(1_000);
    expect(running.tail()).toEqual(['one', 'two', 'three']);
    expect(follows).toEqual([-1, Date.UTC(2026, 0, 1, 0, 0, 2) / 1000]);
    running.letGo();
  });

  test('that nobody watches any more asks nothing more and tells nothing', async () => {
    const clock = createSimulatedClock();
    const { engine, waits, follows } = scriptedEngine();
    const running = watchContainer(engine, 'c1', clock);
    await settle();
    running.letGo();
    running.letGo();
    await clock.advance(60_000);
    expect([waits.length, follows.length, clock.pending]).toEqual([1, 1, 0]);
    expect(await peek(running.exited)).toBeUndefined();
  });
});

describe('the words for an end', () => {
  const cases: readonly (readonly [code: number, oom: boolean, words: string])[] = [
    [0, false, 'exited with 0'],
    [1, false, 'exited with 1'],
    [137, false, 'exited with 137 (SIGKILL)'],
    [139, false, 'exited with 139 (SIGSEGV)'],
    [137, true, 'exited with 137 (out of memory)'],
  ];
  for (const [code, oom, words] of cases) {
    test(words, () => {
      expect(exitDetail(code, oom)).toBe(words);
    });
  }
});

describe('the tail', () => {
  test('keeps so many lines, each so long', () => {
    const tail = createTail();
    for (let count = 0; count < TAIL_LINES_MAX + 20; count++) tail.push(`${count} ${'x'.repeat(1_000)}`);
    expect(tail.lines().length).toBe(TAIL_LINES_MAX);
    expect(tail.lines()[0]).toStartWith('20 ');
    expect(tail.lines().every((text) => text.length === TAIL_CHARS_MAX)).toBe(true);
    tail.replace(Array.from({ length: 200 }, (_, count) => `line ${count}`));
    expect([tail.lines().length, tail.lines()[0]]).toEqual([TAIL_LINES_MAX, 'line 150']);
  });

  test('shows of a progress bar what it showed last', () => {
    const tail = createTail();
    tail.push('Loading:   0%\rLoading:  50%\rLoading: 100%\r');
    expect(tail.lines()).toEqual(['Loading: 100%']);
  });
});
