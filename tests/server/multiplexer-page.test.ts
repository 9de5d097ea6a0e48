/** The page about the multiplexer names every metric, every reason and the limits of the front door as they are. */
import { describe, expect, test } from 'bun:test';
import { slotMachine } from '#machines/slot.machine';
import { createMultiplexerMetrics } from '#multiplexer/metrics';
import { FRONT_LIMITS } from '#server/multiplexer/front';

const PAGE = await Bun.file(new URL('../../docs/design/multiplexer.md', import.meta.url)).text();

describe('docs/design/multiplexer.md', () => {
  test('names every metric', async () => {
    const text = await createMultiplexerMetrics(() => undefined).render();
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([]);
  });

  test('has a row for every state of a slot', () => {
    const states = Object.keys(slotMachine.states);
    expect(states.filter((state) => !PAGE.includes(`| \`${state}\` |`))).toEqual([]);
  });

  test('tells the limits of the front door', () => {
    const { visitsMax, bodyBytesMax, bodyReadMs, jsonDepthMax, headerCountMax, stalledMs, feedReadersMax } =
      FRONT_LIMITS;
    const { idleMs, keepaliveAfterMs, keepaliveEveryMs, feedGapMs, heartbeatMs } = FRONT_LIMITS;
    const rows = [
      `included | ${visitsMax} |`,
      `a body | ${bodyBytesMax / 1024 ** 2} MiB, ${bodyReadMs / 1000} s, depth ${jsonDepthMax} |`,
      `headers | ${headerCountMax} |`,
      `within an answer | ${idleMs / 1000} s |`,
      `takes nothing | ${stalledMs / 1000} s |`,
      `between two | ${keepaliveAfterMs / 1000} s, ${keepaliveEveryMs / 1000} s |`,
      `slot feed | ${feedReadersMax} |`,
      `one in ${feedGapMs} ms, a heartbeat every ${heartbeatMs / 1000} s |`,
    ];
    expect(rows.filter((row) => !PAGE.includes(row))).toEqual([]);
  });
});
