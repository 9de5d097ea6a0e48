/** `serves logs` means one serve, understands times, and passes on what a container or a log file says. */
import { describe, expect, test } from 'bun:test';
import { logsOf, serveOfLogs, sinceSeconds } from '#ops/serves/logs';
import type { LogLine } from '#platform/docker-engine';
import { container, fakeMachine, manifestOf, processNamed, serveNamed } from '#tests/ops/serves-fake-world';
import { rejectionOf } from '#tests/support/rejection';
import { tmpdir } from '#tests/support/tmp';

const MANIFEST = manifestOf(serveNamed('a'), serveNamed('b'), serveNamed('c', { container: 'b-box' }));

describe('the serve', () => {
  const cases: readonly (readonly [words: readonly string[], expected: unknown])[] = [
    [['a'], { name: 'a' }],
    [['a-box'], { name: 'a' }],
    [[], { exit: 2, problem: 'name one serve, none was given — serves.toml declares a, b, c' }],
    [['a', 'b'], { exit: 2, problem: 'name one serve, 2 were given — serves.toml declares a, b, c' }],
    [['b-box'], { exit: 2, problem: '"b-box" means b and c — name one of them' }],
    [['missing'], { exit: 1, problem: 'serves.toml declares no serve "missing" — it declares a, b, c' }],
  ];
  for (const [words, expected] of cases) {
    test(`of [${words.join(' ')}]`, () => expect(serveOfLogs(words, MANIFEST)).toMatchObject(expected as object));
  }
});

describe('a time', () => {
  const NOW = Date.UTC(2026, 0, 31, 12);
  const cases: readonly (readonly [text: string, seconds: number | undefined])[] = [
    ['10m', NOW / 1000 - 600],
    ['1h30m', NOW / 1000 - 5400],
    ['2d', NOW / 1000 - 172_800],
    ['1.5s', NOW / 1000 - 1.5],
    ['1700000000', 1_700_000_000],
    ['2026-01-31T11:00:00Z', NOW / 1000 - 3600],
    ['yesterday', undefined],
    ['10', 10],
    ['m', undefined],
    ['', undefined],
  ];
  for (const [text, seconds] of cases) {
    test(`"${text}" is ${seconds}`, () => expect(sinceSeconds(text, NOW)).toBe(seconds));
  }
});

const read = async (lines: AsyncIterable<LogLine>): Promise<readonly LogLine[]> => Array.fromAsync(lines);

describe('the lines', () => {
  test('of a container are what the engine gives', async () => {
    const machine = fakeMachine();
    const lines: readonly LogLine[] = [{ stream: 'err', text: 'warn' }];
    machine.containers.set('a-box', container('a-box', 'exited'));
    machine.logs.set('a-box', lines);
    expect(await read(logsOf(serveNamed('a'), { follow: false }, machine.world))).toEqual(lines);
  });

  test('of a container that is not there, or that nobody can ask, are an error with a remedy', async () => {
    const absent = await rejectionOf(read(logsOf(serveNamed('a'), { follow: false }, fakeMachine().world)));
    expect(absent.message).toBe('there is no container a-box — `serves up a` makes it');
    const { world } = fakeMachine({ noDocker: 'no engine' });
    expect((await rejectionOf(read(logsOf(serveNamed('a'), { follow: false }, world)))).message).toBe('no engine');
  });

  test('of a process come from its file, the last ones where only those are wanted', async () => {
    await using folder = await tmpdir();
    await folder.write('a.log', 'one\ntwo\nthree');
    const world = { ...fakeMachine().world, processLog: () => folder.file('a.log') };
    const texts = async (tail?: number): Promise<readonly string[]> => {
      const wish = { follow: false, ...(tail === undefined ? {} : { tail }) };
      return (await read(logsOf(processNamed('a'), wish, world))).map(({ text }) => text);
    };
    expect(await texts()).toEqual(['one', 'two', 'three']);
    expect(await texts(2)).toEqual(['two', 'three']);
    expect(await texts(0)).toEqual([]);
  });

  test('of a process that never ran are an error', async () => {
    const error = await rejectionOf(read(logsOf(processNamed('a'), { follow: true }, fakeMachine().world)));
    expect(error.message).toBe('there is no log /nowhere/a.log — it is written from the first start on');
  });
});
