/** What does the commit window let out, and when? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createCommitWindow } from '#core/commit-window';
import type { StreamPart } from '#core/message';
import type { HoldMode } from '#core/tier';

const start: StreamPart = { type: 'start' };
const text = (value: string): StreamPart => ({ type: 'text-delta', index: 0, text: value });
const thinking: StreamPart = { type: 'thinking-delta', index: 0, text: 'hm' };
const call = (index: number): StreamPart => ({ type: 'tool-start', index, id: `c${index}`, name: 'read' });
const args = (index: number): StreamPart => ({ type: 'tool-delta', index, json: '{}' });
const done = (index: number): StreamPart => ({ type: 'tool-end', index });
const finish: StreamPart = { type: 'finish', reason: 'stop' };
const end: StreamPart = { type: 'end' };

/** Pushes frames named 0, 1, 2 …; answers what each push released, then what `release` did. */
const run = (mode: HoldMode, frames: readonly (readonly StreamPart[])[]): readonly string[] => {
  const window = createCommitWindow<number>(mode, 1_000_000);
  const steps = frames.map((parts, frame) => window.push(frame, 1, parts).released.join(' '));
  return [...steps, `| ${window.release().join(' ')}`];
};

const CASES: readonly (readonly [string, HoldMode, readonly (readonly StreamPart[])[], readonly string[]])[] = [
  [
    'all holds everything until the verdict',
    'all',
    [[start], [text('a')], [finish], [end]],
    ['', '', '', '', '| 0 1 2 3'],
  ],
  [
    'none lets everything go from the first visible text',
    'none',
    [[start], [text('a')], [call(1)], [finish], [end]],
    ['', '0 1', '2', '3', '4', '| '],
  ],
  ['none holds the head of an answer that says nothing yet', 'none', [[start], [], []], ['', '', '', '| 0 1 2']],
  ['none lets an answer without text go at its finish', 'none', [[start], [finish], [end]], ['', '0 1', '2', '| ']],
  [
    'block streams prose from the first visible character',
    'block',
    [[start], [text(' ')], [text('a')], [text('b')]],
    ['', '', '0 1 2', '3', '| '],
  ],
  ['block streams thinking', 'block', [[start], [thinking], [text('a')]], ['', '0 1', '2', '| ']],
  [
    'block holds a call until it has ended',
    'block',
    [[text('a')], [call(1)], [args(1)], [done(1)], [text('b')]],
    ['0', '', '', '1 2 3', '4', '| '],
  ],
  [
    'block releases a call that opens an answer, whole',
    'block',
    [[start], [call(1)], [args(1)], [done(1)]],
    ['', '', '', '0 1 2 3', '| '],
  ],
  ['block holds everything from the finish on', 'block', [[text('a')], [finish], [end]], ['0', '', '', '| 1 2']],
  [
    'block releases a call that ends in the finishing frame, but not the finish',
    'block',
    [[text('a')], [call(1)], [args(1)], [done(1), finish], [end]],
    ['0', '', '', '1 2', '', '| 3 4'],
  ],
  [
    'block releases each of several calls as it ends',
    'block',
    [[call(1)], [args(1)], [done(1), call(2)], [args(2)], [done(2), finish]],
    ['', '', '0 1', '', '2 3', '| 4'],
  ],
  [
    'block holds interleaved calls until all have ended',
    'block',
    [[call(1)], [call(2)], [done(1)], [done(2)]],
    ['', '', '', '0 1 2 3', '| '],
  ],
  [
    'block keeps frames without meaning in order',
    'block',
    [[text('a')], [call(1)], [], [done(1)], []],
    ['0', '', '', '1 2 3', '4', '| '],
  ],
];

describe('the commit window', () => {
  for (const [title, mode, frames, released] of CASES)
    test(title, () => expect(run(mode, frames)).toEqual([...released]));

  test('says overflow once held bytes pass the limit, and counts what was held', () => {
    const window = createCommitWindow<string>('all', 10);
    expect(window.push('a', 10, [start]).overflow).toBe(false);
    expect(window.push('b', 1, [text('x')]).overflow).toBe(true);
    expect(window.heldBytesMax).toBe(11);
  });

  test('a long stream never overflows while it flows', () => {
    const window = createCommitWindow<number>('block', 10);
    for (let frame = 0; frame < 100; frame++) expect(window.push(frame, 9, [text('a')]).overflow).toBe(false);
    expect(window.heldBytes).toBe(0);
  });

  const anyPart = fc.constantFrom(start, text('a'), text(' '), thinking, call(1), done(1), finish, end);
  const anyFrames = fc.array(fc.array(anyPart, { maxLength: 3 }), { maxLength: 30 });

  test('nothing is lost, doubled or reordered, in any mode', () => {
    fc.assert(
      fc.property(fc.constantFrom<HoldMode>('all', 'block', 'none'), anyFrames, (mode, frames) => {
        const window = createCommitWindow<number>(mode, 1_000_000);
        const out = frames.flatMap((parts, frame) => [...window.push(frame, 1, parts).released]);
        expect([...out, ...window.release()]).toEqual(frames.map((_, frame) => frame));
      }),
    );
  });

  test('in mode all nothing leaves before the verdict; in mode block no finish does', () => {
    fc.assert(
      fc.property(anyFrames, (frames) => {
        const all = createCommitWindow<number>('all', 1_000_000);
        const block = createCommitWindow<number>('block', 1_000_000);
        for (const [frame, parts] of frames.entries()) {
          expect(all.push(frame, 1, parts).released).toEqual([]);
          for (const released of block.push(frame, 1, parts).released)
            expect((frames[released] ?? []).some((part) => part.type === 'finish')).toBe(false);
        }
      }),
    );
  });
});
