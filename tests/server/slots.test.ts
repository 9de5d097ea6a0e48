// Which multiplexers are open for which swap groups, and what happens to them at a reload?
import { describe, expect, test } from 'bun:test';
import type { TierResidency } from '#core/residency';
import type { SwapGroup, SwapGroupSource } from '#core/settings';
import { FRONT_LIMITS } from '#server/multiplexer/front';
import { createSlotFeed } from '#server/multiplexer/slot-feed';
import { type OpenMultiplexer, openSlots } from '#server/slots';
import { tierOf } from '#tests/core/decide-fixtures';
import { createSimulatedClock } from '#tests/support/clock';
import { rejectionOf } from '#tests/support/rejection';
import { readerOf } from '#tests/support/sse';
import { startTwoTiers } from '#tests/support/two-tiers';
import { sampleSlots } from '#tests/upstream/sample-slots';

const READY: TierResidency = { state: 'ready', readyInMs: 0, needs: 'nothing', inFlight: 0, queued: 0 };
const group = (name: string, source: SwapGroupSource): SwapGroup => ({ name, source, keepaliveAfterMs: 10_000 });
const registry = (name: string, path = '/etc/models.json') => group(name, { kind: 'registry', path });
const remote = (name: string, url: string, authEnv?: string) =>
  group(name, { kind: 'url', url, ...(authEnv === undefined ? {} : { authEnv }) });

const nameOf = (source: SwapGroupSource): string => (source.kind === 'registry' ? source.path : source.url);

/** Opens what it is asked for and writes down what was opened and closed. */
const recorder = (failing: readonly string[] = [], gone: Promise<void> = Promise.resolve()) => {
  const events: string[] = [];
  const open = async (source: SwapGroupSource): Promise<OpenMultiplexer> => {
    const name = nameOf(source);
    if (failing.includes(name)) throw new Error(`${name} cannot be had`);
    events.push(`open ${name}`);
    return {
      status: () => undefined,
      residency: (model) => (model === 'known' ? { ...READY, queued: name.length } : undefined),
      ...(source.kind === 'registry'
        ? {
            acquire: async () => ({ refused: 'unavailable' as const, message: `asked ${name}` }),
            metrics: async () => `# of ${name}\n`,
          }
        : {}),
      close: (keepServes) => {
        events.push(`close ${name}${keepServes ? ' and keep its servers' : ''}`);
        return gone;
      },
    };
  };
  return { events, open };
};

const WISH = { requestId: 'dec_1', signal: new AbortController().signal };
const tier = tierOf('one', { swapGroup: 'gpu', model: 'known' });

describe('a tier', () => {
  test('finds its model in the multiplexer of its group', async () => {
    const { open } = recorder();
    const { source } = await openSlots([registry('gpu')], open);
    expect(source.residency(tier)?.queued).toBe('/etc/models.json'.length);
    expect(await source.acquire(tier, WISH)).toMatchObject({ message: 'asked /etc/models.json' });
  });
  test('leases nothing from a multiplexer elsewhere: that one lends it itself', async () => {
    const { open } = recorder();
    const { source } = await openSlots([remote('gpu', 'http://box:8001')], open);
    expect(source.residency(tier)).toBeDefined();
    expect(source.acquire(tier, WISH)).toBeUndefined();
  });
  test('without a group, of another group or without a model is not known', async () => {
    const { open } = recorder();
    const { source } = await openSlots([registry('gpu')], open);
    for (const other of [
      tierOf('two', { model: 'known' }),
      tierOf('three', { model: 'known', swapGroup: 'elsewhere' }),
      tierOf('four', { swapGroup: 'gpu' }),
    ]) {
      expect(source.residency(other)).toBeUndefined();
      expect(source.acquire(other, WISH)).toBeUndefined();
    }
  });
});

test('groups of one source share one multiplexer', async () => {
  const { events, open } = recorder();
  const slots = await openSlots([registry('gpu'), registry('other'), remote('far', 'http://box:8001')], open);
  expect(events).toEqual(['open /etc/models.json', 'open http://box:8001']);
  expect(Object.keys(slots.source.groups())).toEqual(['gpu', 'other', 'far']);
  expect(await slots.metrics()).toBe('# of /etc/models.json\n');
});

describe('a reload', () => {
  test('keeps what is still named, opens what is new, and lets go of the rest', async () => {
    const { events, open } = recorder();
    const slots = await openSlots([registry('gpu'), remote('far', 'http://box:8001')], open);
    events.length = 0;
    await slots.replace([registry('renamed'), remote('far', 'http://other:8001')]);
    expect(events).toEqual(['open http://other:8001', 'close http://box:8001']);
    expect(slots.source.residency(tier)).toBeUndefined();
    expect(slots.source.residency({ ...tier, swapGroup: 'renamed' })).toBeDefined();
  });
  test('with another token opens anew', async () => {
    const { events, open } = recorder();
    const slots = await openSlots([remote('far', 'http://box:8001', 'OLD_TOKEN')], open);
    await slots.replace([remote('far', 'http://box:8001', 'NEW_TOKEN')]);
    expect(events).toEqual(['open http://box:8001', 'open http://box:8001', 'close http://box:8001']);
  });
  test('that brings a group back waits until its former multiplexer has let go', async () => {
    const gone = Promise.withResolvers<void>();
    const { events, open } = recorder([], gone.promise);
    const slots = await openSlots([registry('gpu')], open);
    await slots.replace([]);
    const back = slots.replace([registry('gpu')]);
    await Promise.resolve();
    expect(events).toEqual(['open /etc/models.json', 'close /etc/models.json']);
    gone.resolve();
    await back;
    expect(events.at(-1)).toBe('open /etc/models.json');
    expect(slots.source.residency(tier)).toBeDefined();
  });
  test('that cannot open everything changes nothing', async () => {
    const { events, open } = recorder(['/bad.json']);
    const slots = await openSlots([registry('gpu')], open);
    events.length = 0;
    const rejected = await rejectionOf(slots.replace([remote('far', 'http://box:8001'), registry('bad', '/bad.json')]));
    expect(String(rejected)).toContain('/bad.json cannot be had');
    expect(events).toEqual(['open http://box:8001', 'close http://box:8001']);
    expect(slots.source.residency(tier)).toBeDefined();
  });
});

test('the end closes all of them', async () => {
  const { events, open } = recorder();
  const slots = await openSlots([registry('gpu'), remote('far', 'http://box:8001')], open);
  events.length = 0;
  await slots.close();
  expect(events.sort()).toEqual(['close /etc/models.json', 'close http://box:8001']);
});

describe('servers that are to be kept', () => {
  const kept = group('gpu', { kind: 'registry', path: '/etc/models.json', keepServes: true });

  test('run on when the router ends, also if only one of the groups of a registry says so', async () => {
    for (const groups of [[kept], [registry('other'), kept]]) {
      const { events, open } = recorder();
      await (await openSlots(groups, open)).close();
      expect(events).toEqual(['open /etc/models.json', 'close /etc/models.json and keep its servers']);
    }
  });
  test('run on when another group cannot be opened', async () => {
    const { events, open } = recorder(['/bad.json']);
    await rejectionOf(openSlots([kept, registry('bad', '/bad.json')], open));
    expect(events).toEqual(['open /etc/models.json', 'close /etc/models.json and keep its servers']);
  });
  test('are so by what the newest configuration says', async () => {
    const { events, open } = recorder();
    const slots = await openSlots([kept], open);
    await slots.replace([registry('gpu')]);
    await slots.close();
    expect(events).toEqual(['open /etc/models.json', 'close /etc/models.json']);
  });
  test('end when a reload leaves their group out: nobody would look after them', async () => {
    const { events, open } = recorder();
    const slots = await openSlots([kept], open);
    await slots.replace([]);
    expect(events).toEqual(['open /etc/models.json', 'close /etc/models.json']);
  });
});

test('a server without a multiplexer of its own says where to look', async () => {
  await using server = await startTwoTiers();
  const answer = await server.server.get('/v1/slots');
  expect({ status: answer.status, text: await answer.text() }).toEqual({
    status: 404,
    text: expect.stringContaining('/healthz?verbose has what is known of it'),
  });
});

test('watchers of a multiplexer that a reload has closed are sent away, not kept alive for ever', async () => {
  const clock = createSimulatedClock();
  const status = sampleSlots();
  let ended = false;
  const feed = createSlotFeed(
    { status: () => status, onChange: () => () => undefined, ended: () => ended },
    clock,
    FRONT_LIMITS,
  );
  const opened = feed.open(new Request('http://localhost/v1/slots/events'));
  if (!(opened instanceof Response)) throw new Error('no feed');
  await using reader = readerOf(opened);
  await reader.until('\n\n');
  await clock.advance(FRONT_LIMITS.heartbeatMs);
  await reader.until(': quiet\n\n');
  ended = true;
  await clock.advance(FRONT_LIMITS.heartbeatMs);
  await reader.rest();
  expect(clock.pending).toBe(0);
});
