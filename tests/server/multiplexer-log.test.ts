/** What does an operator read in the log of each event, at which level, and how much of a server's output? */
import { expect, test } from 'bun:test';
import type { MultiplexerEvent } from '#multiplexer/multiplexer';
import type { Log } from '#platform/log';
import { logEvent } from '#server/multiplexer/log-events';

const said = (event: MultiplexerEvent): readonly [level: string, message: string, fields: unknown] => {
  const lines: [string, string, unknown][] = [];
  const call = (level: string) => (message: string, fields?: unknown) => void lines.push([level, message, fields]);
  const log = { debug: call('debug'), info: call('info'), warn: call('warn'), error: call('error') } as unknown as Log;
  logEvent(log, event);
  expect(lines).toHaveLength(1);
  return lines[0] ?? ['', '', undefined];
};

const loaded = { kind: 'loaded', model: 'a', ms: 1_204.4, woken: false, adopted: false, why: 'worth' } as const;
const vacated = { kind: 'vacated', model: 'a', to: 'empty', for: 'b', why: 'bound', drainedMs: 9.6, cut: 0 } as const;

test('every event leaves one line, at the level of what a person has to do', () => {
  expect(said(loaded)).toEqual(['info', 'model loaded', { model: 'a', ms: 1_204, why: 'worth' }]);
  expect(said({ ...loaded, woken: true })[1]).toBe('model woken');
  expect(said({ ...loaded, adopted: true })[1]).toBe('model taken over, it ran already');
  expect(said(vacated)).toEqual([
    'info',
    'model vacated',
    { model: 'a', to: 'empty', why: 'bound', for: 'b', drainedMs: 10, cut: 0 },
  ]);
  expect(said({ ...vacated, cut: 3 })[0]).toBe('warn');
  expect(said({ kind: 'granted', model: 'a', waitedMs: 3 })[0]).toBe('debug');
  expect(said({ kind: 'refused', model: 'a', refused: 'wait-limit' }).slice(0, 2)).toEqual(['warn', 'request refused']);
  expect(said({ kind: 'stuck', model: 'a', detail: 'x' })[0]).toBe('error');
});

test('of a server that died the last lines are told', () => {
  const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
  for (const kind of ['load-failed', 'crashed'] as const) {
    const [level, , fields] = said({ kind, model: 'a', detail: 'exited with 1', lines });
    expect(level).toBe('error');
    expect(fields).toMatchObject({ detail: 'exited with 1', lines: lines.slice(-20) });
  }
});
