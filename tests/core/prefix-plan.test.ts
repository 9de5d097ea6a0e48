/** Is what has a meaning restated once, where it disturbs nothing, and everything else left alone? */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { NOTHING_SEEN, type PrefixState, type PrefixView, planPrefix, STANDING_CHARS_MAX } from '#core/prefix-plan';
import { editJson } from '#core/prefix-splice';

/** A prompt of two texts and a conversation of plain strings, odd ones the model's. */
interface Prompt {
  readonly system: readonly string[];
  readonly turns: readonly string[];
}

const viewOf = ({ system, turns }: Prompt): PrefixView => {
  const placeAt = (at: number) => {
    const text = at % 2 === 0 ? turns[at] : undefined;
    return text === undefined ? undefined : { at, path: ['turns', at], text };
  };
  return {
    standing: system.map((text, index) => ({ path: ['system', index], text, element: ['system', index] })),
    newest: placeAt(turns.length - 1) ?? placeAt(turns.length - 2),
    placeAt,
  };
};

const apply = (prompt: Prompt, before: PrefixState = NOTHING_SEEN) => {
  const plan = planPrefix(viewOf(prompt), before);
  const after = editJson({ ...prompt }, plan.edits) as unknown as Prompt;
  return { ...plan, after, rendered: [...after.system, ...after.turns].join('\n\n') };
};

const dated = (date: string, ...turns: readonly string[]): Prompt => ({
  system: ['You are an agent.', `Be brief.\nToday's date: ${date}\nGo on.`],
  turns,
});

const countOf = (text: string, piece: string): number => text.split(piece).length - 1;

describe('one request', () => {
  test('a date is restated at the end of the newest turn, once', () => {
    const { after, rendered, spans, notes } = apply(dated('2026-11-21', 'hello', 'hi', 'and now?'));
    expect(after.system[1]).toBe("Be brief.\nToday's date: [see context note]\nGo on.");
    expect(after.turns).toEqual([
      'hello',
      'hi',
      "and now?\n\n<context-note>\nToday's date: 2026-11-21\n</context-note>",
    ]);
    expect(countOf(rendered, '2026-11-21')).toBe(1);
    expect([...spans]).toEqual([['date', 1]]);
    expect(notes).toBe(1);
  });

  test('a text that was nothing but a billing line goes as a whole', () => {
    const system = ['x-anthropic-billing-header: cc_version=2.1.1.abc; cch=12345;', 'You are an agent.'];
    const { after, spans } = apply({ system, turns: ['hello'] });
    expect(after).toEqual({ system: ['You are an agent.'], turns: ['hello'] });
    expect([...spans]).toEqual([['billing-line', 1]]);
  });

  test('an id for tracing is blanked and not restated', () => {
    const { rendered } = apply({ system: ['Trace id: 8f14e45fceea467f'], turns: ['hello'] });
    expect(rendered).toBe('Trace id: [omitted]\n\nhello');
  });

  test('without a turn to restate it in, a date stays where it is', () => {
    const { edits } = apply(dated('2026-11-21'));
    expect(edits).toEqual([]);
  });

  test('what does not fit into a note stays where it is', () => {
    const lines = Array.from(
      { length: 30 },
      (_none, index) => `Local time: ${10 + index}:00, 2026-11-21 (Zone/A${'x'.repeat(20)})`,
    );
    const { rendered, spans } = apply({ system: [lines.join('\n')], turns: ['hello'] });
    const moved = spans.get('date') ?? 0;
    expect(moved).toBeGreaterThan(5);
    expect(moved).toBeLessThan(30);
    for (let index = 0; index < 30; index++) expect(countOf(rendered, `${10 + index}:00`)).toBe(1);
  });

  test('text beyond the limit is not looked at, nor is a span that the limit cuts', () => {
    const date = "Today's date: 2026-11-21";
    for (let shown = 0; shown <= date.length + 1; shown++) {
      const text = `${' '.repeat(STANDING_CHARS_MAX - shown)}${date} and so on`;
      expect(apply({ system: [text], turns: ['hello'] }).edits).toEqual([]);
    }
    const early = `${' '.repeat(STANDING_CHARS_MAX - 1_000)}${date}${' '.repeat(2_000)}`;
    expect(apply({ system: [early], turns: ['hello'] }).edits.length).toBe(2);
  });
});

describe('a conversation', () => {
  test('a note stays at its turn, and is not repeated while it is true', () => {
    const first = apply(dated('2026-11-21', 'one'));
    const second = apply(dated('2026-11-21', 'one', 'yes', 'two'), first.state);
    expect(second.after.turns[0]).toBe(first.after.turns[0] as string);
    expect(second.after.turns.slice(1)).toEqual(['yes', 'two']);
    expect(second.rendered.startsWith(first.rendered)).toBe(true);
  });

  test('another date is restated at its own turn, and the beginning stays', () => {
    const first = apply(dated('2026-11-21', 'one'));
    const second = apply(dated('2026-11-22', 'one', 'yes', 'two'), first.state);
    const third = apply(dated('2026-11-22', 'one', 'yes', 'two', 'no', 'three'), second.state);
    expect(third.rendered.startsWith(first.rendered)).toBe(true);
    expect(third.rendered.startsWith(second.rendered)).toBe(true);
    expect(countOf(third.rendered, '2026-11-22')).toBe(1);
    expect(third.notes).toBe(2);
  });

  test('a value that comes back is said again, since the latest note counts', () => {
    const first = apply(dated('2026-11-21', 'one'));
    const second = apply(dated('2026-11-22', 'one', 'a', 'two'), first.state);
    const third = apply(dated('2026-11-21', 'one', 'a', 'two', 'b', 'three'), second.state);
    expect(third.after.turns[4]).toContain('2026-11-21');
    expect(third.notes).toBe(3);
  });

  test('a conversation that was rewritten gets none of the old notes', () => {
    const first = apply(dated('2026-11-21', 'one'));
    const second = apply(dated('2026-11-21', 'summary', 'yes', 'two'), first.state);
    expect(second.after.turns).toEqual([
      'summary',
      'yes',
      "two\n\n<context-note>\nToday's date: 2026-11-21\n</context-note>",
    ]);
  });

  test('the same request again gets the same edits', () => {
    const first = apply(dated('2026-11-21', 'one'));
    const prompt = dated('2026-11-22', 'one', 'yes', 'two');
    const second = apply(prompt, first.state);
    expect(apply(prompt, second.state).edits).toEqual(second.edits);
  });

  test('a number that is seen to change is moved from then on', () => {
    const prompt = (count: number, ...turns: readonly string[]): Prompt => ({
      system: [`Rules.\n${count} files are open.\nMore rules.`],
      turns,
    });
    const first = apply(prompt(3, 'one'));
    const second = apply(prompt(4, 'one', 'a', 'two'), first.state);
    const third = apply(prompt(4, 'one', 'a', 'two', 'b', 'three'), second.state);
    const fourth = apply(prompt(5, 'one', 'a', 'two', 'b', 'three', 'c', 'four'), third.state);
    expect(first.edits).toEqual([]);
    expect(second.after.system).toEqual(['Rules.\n[see context note] files are open.\nMore rules.']);
    expect(second.after.turns[2]).toEndWith('<context-note>\n4 files are open.\n</context-note>');
    expect(third.rendered.startsWith(second.rendered)).toBe(true);
    expect(fourth.rendered.startsWith(third.rendered)).toBe(true);
    expect([...fourth.spans]).toEqual([['seen-to-change', 1]]);
  });

  test('the number of notes is limited, and the older half goes at once', () => {
    let state = NOTHING_SEEN;
    const turns: string[] = [];
    const counts: number[] = [];
    for (let turn = 0; turn < 200; turn++) {
      turns.push(`turn ${turn}`);
      const date = `10:${String(turn % 60).padStart(2, '0')}:00`;
      const { notes, state: next } = apply({ system: [`Current time: ${date}`], turns }, state);
      counts.push(notes);
      state = next;
      turns.push('answer');
    }
    expect(Math.max(...counts)).toBe(65);
    expect(counts.filter((count, index) => count < (counts[index - 1] ?? 0)).length).toBe(5);
  });

  test('so is what all of them say together', () => {
    let state = NOTHING_SEEN;
    const turns: string[] = [];
    const lengths: number[] = [];
    for (let turn = 0; turn < 60; turn++) {
      turns.push(`turn ${turn}`);
      const clocks = Array.from({ length: 20 }, (_none, zone) => `Local time: ${10 + zone}:${10 + (turn % 50)}:00 GMT`);
      const { after, state: next } = apply({ system: [clocks.join('\n')], turns }, state);
      lengths.push(after.turns.join('').length - turns.join('').length);
      state = next;
      turns.push('answer');
    }
    expect(Math.max(...lengths)).toBeGreaterThan(5_000);
    expect(Math.max(...lengths)).toBeLessThan(10_000);
  });
});

// ---- whatever the texts are -------------------------------------------------------------------------------------

const prose = fc.string({ unit: fc.constantFrom(...'bcdefghijklnoqrstuvwxyz .,:;\n"<>\\é😀') });
const clock = fc.constantFrom('2026-11-21', 'Sat Nov 21 2026', '10:55:12 AM', '2026-11-21T10:55:12Z', '11/21/2026');
const label = fc.constantFrom("Today's date: ", 'Current time: ', '<current_date>', 'The current date and time is ');

test('a prompt without volatile words is never changed, whatever was seen before', () => {
  const prompts = fc.record({
    system: fc.array(prose, { maxLength: 3 }),
    turns: fc.array(prose, { minLength: 1, maxLength: 4 }),
  });
  fc.assert(
    fc.property(prompts, prompts, (before, prompt) => {
      expect(apply(prompt, apply(before).state).edits).toEqual([]);
    }),
  );
});

test('what is moved is said exactly once, the rest keeps every character, and a second pass finds nothing', () => {
  fc.assert(
    fc.property(
      prose,
      label,
      clock,
      prose,
      fc.array(prose, { minLength: 1, maxLength: 5 }),
      (head, name, value, tail, turns) => {
        const [before, after] = [`${head}\n${name}`, `\n${tail}`];
        const first = apply({ system: [`${before}${value}${after}`], turns });
        expect(first.after.system).toEqual([`${before}[see context note]${after}`]);
        expect(countOf(first.rendered, value)).toBe(1);
        const newest = turns.length % 2 === 1 ? turns.length - 1 : turns.length - 2;
        for (const [index, turn] of turns.entries()) {
          if (index === newest) expect(first.after.turns[index]?.startsWith(turn)).toBe(true);
          else expect(first.after.turns[index]).toBe(turn);
        }
        expect(apply(first.after).edits).toEqual([]);
      },
    ),
  );
});
