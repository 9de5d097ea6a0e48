/** Do the calls of a history keep their results, under ids that a tier takes, however the caller numbered them? */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { createCallIds, visibleId } from '#dialects/call-ids';

const LENGTH_MAX = 12;
const ids = () => createCallIds((id) => id.replace(/[^a-z_0-9]/g, '_'), LENGTH_MAX);

test('an id that is legal and new stays, for the call and for its result', () => {
  const { call, result } = ids();
  expect([call('a_1'), result('a_1'), call('b'), result('b')]).toEqual(['a_1', 'a_1', 'b', 'b']);
});

test('an id that comes again in every turn is numbered, and each result finds its own call', () => {
  const { call, result } = ids();
  expect([call('x'), result('x'), call('x'), result('x'), call('x'), result('x')]).toEqual([
    'x',
    'x',
    'x_2',
    'x_2',
    'x_3',
    'x_3',
  ]);
});

test('calls of one id in one turn are answered in their order, and one result too many goes to the last', () => {
  const { call, result } = ids();
  expect([call('x'), call('x'), result('x'), result('x'), result('x')]).toEqual(['x', 'x_2', 'x', 'x_2', 'x_2']);
});

test('a call that was never answered does not take the result of a later one', () => {
  const { turn, call, result } = ids();
  const said = [call('x'), call('y')];
  turn();
  expect([...said, call('x'), result('x'), result('y')]).toEqual(['x', 'y', 'x_2', 'x_2', 'y']);
});

test('blank ids get a name, and a result without a call an id of its own', () => {
  const { call, result } = createCallIds(visibleId, LENGTH_MAX);
  expect([call(''), call(' '), result(' '), result(''), result('lost')]).toEqual([
    'call',
    'call_2',
    'call_2',
    'call',
    'lost',
  ]);
});

test('no two calls share an id, all fit, and results come back in the order of the calls of their id', () => {
  const id = fc.oneof(fc.constantFrom('', 'x', 'x_2', 'a.b', 'a/b'), fc.string({ maxLength: 30 }));
  fc.assert(
    fc.property(fc.array(id, { maxLength: 40 }), (wanted) => {
      const { call, result } = ids();
      const given = wanted.map(call);
      expect(new Set(given).size).toBe(given.length);
      for (const each of given) expect(each).toMatch(/^[a-z_0-9]{1,12}$/);
      expect(wanted.map(result)).toEqual(given);
    }),
  );
});

test('ten thousand calls of one id are told apart', () => {
  const { call } = ids();
  const given = new Set(Array.from({ length: 10_000 }, () => call('x')));
  expect([given.size, call('x')]).toEqual([10_000, 'x_10001']);
});
