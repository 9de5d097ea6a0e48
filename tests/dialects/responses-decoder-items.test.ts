/** What does the Responses decoder make of items: text, reasoning and calls, told at length, late, or only once? */
import { describe, expect, test } from 'bun:test';
import {
  added,
  call,
  completed,
  created,
  decode,
  delta,
  done,
  jsonOf,
  message,
  only,
  textOf,
  thinkingOf,
  typesOf,
} from '#tests/dialects/responses-events';

describe('text', () => {
  test('is read from the deltas, and its repetitions are not read again', () => {
    const parts = decode(
      created,
      added(0, message()),
      {
        type: 'response.content_part.added',
        output_index: 0,
        content_index: 0,
        part: { type: 'output_text', text: '' },
      },
      delta('output_text', 0, 'Hel'),
      delta('output_text', 0, 'lo'),
      { type: 'response.output_text.done', output_index: 0, content_index: 0, text: 'Hello' },
      { type: 'response.content_part.done', output_index: 0, part: { type: 'output_text', text: 'Hello' } },
      done(0, message('Hello')),
      completed({ output: [message('Hello')] }),
    );
    expect(typesOf(parts)).toBe('start text-start text-delta text-delta text-end finish end');
    expect(parts[0]).toEqual({ type: 'start', id: 'resp_1', model: 'm' });
    expect(textOf(parts)).toBe('Hello');
  });

  test('without deltas is taken from the finished item', () => {
    expect(textOf(decode(created, done(0, message('Hello')), completed()))).toBe('Hello');
  });

  test('without items is taken from the closing event', () => {
    expect(textOf(decode(created, completed({ output: [message('Hello')] })))).toBe('Hello');
  });

  test('that the deltas left out is added from the finished item', () => {
    expect(textOf(decode(created, delta('output_text', 0, 'Hel'), done(0, message('Hello')), completed()))).toBe(
      'Hello',
    );
  });

  test('that contradicts the deltas is not said again', () => {
    const parts = decode(created, delta('output_text', 0, 'Hello!'), done(0, message('Bye, then')), completed());
    expect(textOf(parts)).toBe('Hello!');
  });

  test('without ids and indexes belongs to the item that is open', () => {
    const bare = (type: string, more: object): object => ({ type: `response.${type}`, ...more });
    const parts = decode(
      bare('output_text.delta', { delta: 'a' }),
      bare('output_item.done', { item: { type: 'message', content: [{ type: 'output_text', text: 'a' }] } }),
      bare('output_text.delta', { delta: 'b' }),
      bare('completed', {}),
    );
    expect(typesOf(parts)).toBe('start text-start text-delta text-end text-start text-delta text-end finish end');
    expect(textOf(parts)).toBe('ab');
  });

  test('of one item is found again by index when a gateway changes the ids', () => {
    const parts = decode(
      created,
      added(0, { ...message(), id: 'one' }),
      delta('output_text', 0, 'a', { item_id: 'two' }),
      delta('output_text', 0, 'b', { item_id: 'three' }),
      done(0, { ...message('ab'), id: 'four' }),
      completed({ output: [{ ...message('ab'), id: 'five' }] }),
    );
    expect(typesOf(parts)).toBe('start text-start text-delta text-delta text-end finish end');
  });

  test('of two items that both claim index 0 is told apart by id', () => {
    const parts = decode(
      created,
      done(0, { ...message('a'), id: 'one' }),
      done(0, { ...message('b'), id: 'two' }),
      completed({
        output: [
          { ...message('a'), id: 'one' },
          { ...message('b'), id: 'two' },
        ],
      }),
    );
    expect(textOf(parts)).toBe('ab');
  });

  test('of two content parts is two blocks', () => {
    const parts = decode(
      created,
      delta('output_text', 0, 'a', { content_index: 0 }),
      delta('output_text', 0, 'b', { content_index: 1 }),
      done(0, message('a', 'b')),
      completed(),
    );
    expect(only(parts, 'text-start').length).toBe(2);
    expect(textOf(parts)).toBe('ab');
  });

  test('goes on after the item’s end only in a malformed answer', () => {
    const parts = decode(created, done(0, message('a')), delta('output_text', 0, 'b'));
    expect(only(parts, 'error')).toMatchObject([{ kind: 'malformed' }]);
  });
});

describe('refusals', () => {
  test('are told as such, and so is the finish', () => {
    const refusal = { type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] };
    for (const events of [
      [delta('refusal', 0, 'No'), delta('refusal', 0, '.'), done(0, refusal), completed()],
      [done(0, refusal), completed()],
      [completed({ output: [refusal] })],
    ]) {
      const parts = decode(created, ...events);
      expect(
        only(parts, 'refusal-delta')
          .map(({ text }) => text)
          .join(''),
      ).toBe('No.');
      expect(only(parts, 'finish')[0]?.reason).toBe('refusal');
    }
  });
});

describe('reasoning', () => {
  const reasoning = (more: object = {}): object => ({ type: 'reasoning', id: 'rs_1', ...more });

  test('summaries are one thinking block with breaks between them, and the proof at its end', () => {
    const parts = decode(
      created,
      added(0, reasoning({ summary: [], encrypted_content: 'not yet valid' })),
      { type: 'response.reasoning_summary_part.added', output_index: 0, summary_index: 0 },
      delta('reasoning_summary_text', 0, 'one', { summary_index: 0 }),
      delta('reasoning_summary_text', 0, 'two', { summary_index: 1 }),
      done(0, reasoning({ summary: [{ text: 'one' }, { text: 'two' }], encrypted_content: 'gAAA' })),
      completed(),
    );
    expect(thinkingOf(parts)).toBe('one\n\ntwo');
    expect(only(parts, 'thinking-signature')).toEqual([
      { type: 'thinking-signature', index: 0, signature: 'gAAA', origin: 'openai-responses' },
    ]);
    expect(typesOf(parts.slice(-4))).toBe('thinking-signature thinking-end finish end');
  });

  test('in raw form is thinking too, by its new name and its old one', () => {
    for (const name of ['reasoning_text', 'reasoning']) {
      const parts = decode(
        created,
        delta(name, 0, 'hm'),
        done(0, reasoning({ content: [{ text: 'hm' }] })),
        completed(),
      );
      expect(thinkingOf(parts)).toBe('hm');
    }
  });

  test('told both raw and as a summary is told once', () => {
    const both = reasoning({ summary: [{ text: 'short' }], content: [{ text: 'the long one' }] });
    const raw = decode(
      created,
      delta('reasoning_text', 0, 'the long'),
      delta('reasoning_summary_text', 0, 'short'),
      done(0, both),
    );
    expect(thinkingOf(raw)).toBe('the long one');
    expect(thinkingOf(decode(created, delta('reasoning_summary_text', 0, 'sh'), done(0, both)))).toBe('short');
    expect(thinkingOf(decode(created, done(0, both)))).toBe('the long one');
  });

  test('of which only the proof is shown keeps it', () => {
    const parts = decode(created, done(0, reasoning({ summary: [], encrypted_content: 'gAAA' })), completed());
    expect(typesOf(parts)).toBe('start thinking-start thinking-signature thinking-end finish end');
  });

  test('of which nothing is shown is nothing', () => {
    expect(typesOf(decode(created, done(0, reasoning({ summary: [] })), completed()))).toBe('start finish end');
  });
});

describe('function calls', () => {
  test('start with their name, and end in a tool call', () => {
    const parts = decode(
      created,
      added(0, call('')),
      delta('function_call_arguments', 0, '{"x":'),
      delta('function_call_arguments', 0, '1}'),
      { type: 'response.function_call_arguments.done', output_index: 0, arguments: '{"x":1}' },
      done(0, call('{"x":1}')),
      completed({ output: [call('{"x":1}')] }),
    );
    expect(typesOf(parts)).toBe('start tool-start tool-delta tool-delta tool-end finish end');
    expect(only(parts, 'tool-start')[0]).toEqual({ type: 'tool-start', index: 0, id: 'call_1', name: 'A' });
    expect(jsonOf(parts)).toBe('{"x":1}');
    expect(only(parts, 'finish')[0]?.reason).toBe('tool-calls');
  });

  test('may come whole, at the end of the item or of the answer, and as an object', () => {
    for (const args of ['{"x":1}', { x: 1 }]) {
      expect(jsonOf(decode(created, done(0, call(args)), completed()))).toBe('{"x":1}');
      expect(jsonOf(decode(created, completed({ output: [call(args)] })))).toBe('{"x":1}');
    }
  });

  test('may interleave', () => {
    const parts = decode(
      created,
      added(0, call('', { id: 'a', call_id: 'a' })),
      added(1, call('', { id: 'b', call_id: 'b' })),
      delta('function_call_arguments', 1, '{"b":'),
      delta('function_call_arguments', 0, '{"a":', { item_id: 'a' }),
      delta('function_call_arguments', 1, '1}'),
      delta('function_call_arguments', 0, '1}', { item_id: 'a' }),
      completed(),
    );
    expect([jsonOf(parts, 0), jsonOf(parts, 1)]).toEqual(['{"a":1}', '{"b":1}']);
  });

  test('to a member of a namespace have the flat name', () => {
    const parts = decode(created, added(0, call('', { namespace: 'files', name: 'read' })), completed());
    expect(only(parts, 'tool-start')[0]?.name).toBe('files__read');
  });

  test('wait for their name', () => {
    const parts = decode(
      created,
      added(0, call(undefined, { name: undefined })),
      delta('function_call_arguments', 0, '{"x":1}'),
      done(0, call('{"x":1}')),
      completed(),
    );
    expect(typesOf(parts)).toBe('start tool-start tool-delta tool-end finish end');
  });

  test('that never get a name or an id are still started, for a verifier to judge', () => {
    const parts = decode(created, delta('function_call_arguments', 0, '{}'), completed());
    expect(only(parts, 'tool-start')).toEqual([{ type: 'tool-start', index: 0, id: '', name: '' }]);
  });

  test('keep broken arguments as they are', () => {
    expect(jsonOf(decode(created, done(0, call('{"x": }}')), completed()))).toBe('{"x": }}');
  });

  test('spelt otherwise at their end are not said twice', () => {
    const parts = decode(
      created,
      added(0, call('')),
      delta('function_call_arguments', 0, '{"a":1}'),
      done(0, call('{"a": 1}')),
    );
    expect(jsonOf(parts)).toBe('{"a":1}');
  });

  test('without a name and beyond all measure are malformed', () => {
    const piece = 'x'.repeat(600_000);
    const parts = decode(
      created,
      delta('function_call_arguments', 0, piece),
      delta('function_call_arguments', 0, piece),
    );
    expect(only(parts, 'error')).toMatchObject([{ kind: 'malformed' }]);
  });
});

describe('custom calls', () => {
  const custom = (input?: string): object => ({
    type: 'custom_tool_call',
    id: 'ctc_1',
    call_id: 'c',
    name: 'exec',
    namespace: 'functions',
    ...(input === undefined ? {} : { input }),
  });
  const INPUT = 'a "quoted"\n\\ line 🙂';

  test('are told as a function with one argument, wherever their text is cut', () => {
    for (let cut = 0; cut <= INPUT.length; cut++) {
      const parts = decode(
        created,
        added(0, custom('')),
        delta('custom_tool_call_input', 0, INPUT.slice(0, cut)),
        delta('custom_tool_call_input', 0, INPUT.slice(cut)),
        done(0, custom(INPUT)),
        completed(),
      );
      expect(only(parts, 'tool-start')[0]).toMatchObject({ id: 'c', name: 'functions__exec' });
      expect(JSON.parse(jsonOf(parts))).toEqual({ input: INPUT });
      expect(only(parts, 'finish')[0]?.reason).toBe('tool-calls');
    }
  });

  test('may come whole, and may be empty', () => {
    expect(JSON.parse(jsonOf(decode(created, done(0, custom(INPUT)), completed())))).toEqual({ input: INPUT });
    expect(JSON.parse(jsonOf(decode(created, done(0, custom()), completed())))).toEqual({ input: '' });
  });
});
