// What beside the model name may change an intent: a declaration, and what the harness says a request is for.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type IntentInput, resolveIntent } from '#core/intent';
import { hintOf, type RequestClass } from '#core/request-class';
import { isStricterClass } from '#core/strictness';
import { WORK_CLASSES } from '#core/work-class';
import { inferredAs, SILENT, settingsOf } from '#tests/core/decide-fixtures';

const resolve = (model: string, fields: Partial<IntentInput> = {}) =>
  resolveIntent({ model, inferred: SILENT, settings: settingsOf(), verdictOf: () => 'allow', ...fields });

const review = { kind: 'class', workClass: 'review' } as const;
const aliased = settingsOf({ aliases: { opus: 'cloud' } });
const custom = settingsOf({ presets: { chat: ['fast-local'], mine: ['cloud'] } });

describe('a declared intent', () => {
  test.each(['', 'gpt-5', 'planning'])('takes the place of the model %j', (model) => {
    expect(resolve(model, { declared: review })).toMatchObject({
      source: 'declared',
      workClass: 'review',
      preset: 'review',
      hints: [{ from: 'x-anvil-intent', says: 'review', taken: true }],
    });
  });
  test.each(['opus', 'fast-local'])('loses to the exact name %j, and says so', (model) => {
    expect(resolve(model, { declared: review, settings: aliased })).toMatchObject({
      exact: true,
      hints: [{ from: 'x-anvil-intent', taken: false, why: 'the model is an exact name' }],
    });
  });
  test('is tightened by words that are certain to ask for harder work', () => {
    const chat = { kind: 'class', workClass: 'chat' } as const;
    const intent = resolve('', { declared: chat, inferred: inferredAs('planning') });
    expect(intent).toMatchObject({ workClass: 'chat', gateClass: 'planning' });
  });
  test('comes before what the harness says', () => {
    const intent = resolve('', { declared: review, requestClass: 'title' });
    expect(intent).toMatchObject({ source: 'declared', workClass: 'review' });
    expect(intent.hints?.map(({ taken }) => taken)).toEqual([true, false]);
  });
});

describe('a request class', () => {
  test.each(['title', 'auxiliary'] as const)('%s moves a canonical preset to the pool of chat', (requestClass) => {
    expect(resolve('planning', { requestClass, inferred: inferredAs('planning') })).toMatchObject({
      source: 'hinted',
      preset: 'chat',
      workClass: 'chat',
      // The text is what the title is about, not what is asked for.
      gateClass: 'chat',
      pool: ['fast-local', 'cloud'],
      hints: [{ from: 'request-class', says: `${requestClass} as chat`, taken: true }],
    });
  });
  test('memory is gated by its own words too: tools act on the answer', () => {
    const intent = resolve('planning', { requestClass: 'memory', offersTools: true, inferred: inferredAs('planning') });
    expect(intent).toMatchObject({ source: 'hinted', workClass: 'bounded-edit', gateClass: 'planning' });
  });
  test('compaction stays where the model name sends it, and reads as long context without one', () => {
    expect(resolve('planning', { requestClass: 'compaction' })).toMatchObject({
      source: 'declared',
      preset: 'planning',
    });
    expect(resolve('gpt-5', { requestClass: 'compaction' })).toMatchObject({
      source: 'hinted',
      preset: 'long-context',
    });
  });
  test.each(['main', 'subagent', 'workflow', 'side-reply', 'prewarm'] as const)('%s changes nothing', (requestClass) =>
    expect(resolve('planning', { requestClass })).toEqual(resolve('planning')),
  );
  test.each([
    ['an alias', 'opus', { settings: aliased }, 'the model is an exact name'],
    ['a pinned tier', 'fast-local', {}, 'the model is an exact name'],
    ['a custom preset', 'mine', { settings: custom }, "the preset is the operator's own"],
    ['tools', 'planning', { offersTools: true }, 'the request offers tools'],
    ['a preset that asks for no more', 'chat', {}, 'the model name asks for no harder work'],
    [
      'a missing preset',
      'planning',
      { settings: settingsOf({ presets: { planning: ['cloud'] } }) },
      'no preset chat is configured',
    ],
  ] as const)('is not followed for %s', (_name, model, fields, why) => {
    const plain = resolve(model, fields);
    const { hints, ...intent } = resolve(model, { ...fields, requestClass: 'title' });
    expect<unknown>(intent).toEqual(plain);
    expect(hints).toEqual([{ from: 'request-class', says: 'title as chat', taken: false, why }]);
  });
  test('never makes a declared class stricter, nor an exact name less exact', () => {
    const classes: readonly RequestClass[] = ['title', 'auxiliary', 'memory', 'compaction', 'main', 'subagent'];
    const models = ['', 'gpt-5', 'planning', 'review', 'chat', 'quick-edit', 'fast-local', 'opus'];
    fc.assert(
      fc.property(
        fc.constantFrom(...classes),
        fc.constantFrom(...models),
        fc.constantFrom(...WORK_CLASSES),
        fc.boolean(),
        (requestClass, model, workClass, offersTools) => {
          const fields = { settings: aliased, inferred: inferredAs(workClass), offersTools };
          const [plain, hinted] = [resolve(model, fields), resolve(model, { ...fields, requestClass })];
          expect(hinted.exact).toBe(plain.exact);
          if (hinted.source !== 'hinted') return;
          expect(hinted.workClass).toBe(hintOf(requestClass)?.workClass as never);
          if (plain.source === 'declared')
            expect(isStricterClass(plain.workClass ?? 'chat', hinted.workClass ?? 'planning')).toBe(true);
        },
      ),
    );
  });
});

describe('an unknown model name', () => {
  test('goes to the preset of unknown_model, and the note says so', () => {
    const settings = settingsOf({ unknownModel: 'review' });
    expect(resolve('gpt-5', { settings })).toMatchObject({
      source: 'declared',
      preset: 'review',
      note: 'unknown model name; [router] unknown_model sends it to preset review',
    });
  });
  test('that is absent is inferred all the same', () => {
    const settings = settingsOf({ unknownModel: 'review' });
    expect(resolve('', { settings, inferred: inferredAs('planning') })).toMatchObject({ source: 'inferred' });
  });
});
