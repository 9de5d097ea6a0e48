/** Does an operator who watches the router see its models come and go? */
import { expect, test } from 'bun:test';
import { startSlotsWorld } from '#tests/e2e/slots-world';

const LIMIT_MS = 60_000;

/** Reads the feed until the event that `last` knows, which is included. */
const watch = async (url: string, last: (event: Record<string, unknown>) => boolean) => {
  const leaving = new AbortController();
  const response = await fetch(`${url}/v1/events`, { signal: leaving.signal });
  const seen = (async () => {
    const events: Record<string, unknown>[] = [];
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const ready = text.split('\n\n');
      text = ready.pop() ?? '';
      for (const each of ready) {
        const [, kind, data] = /^event: (\w+)\ndata: (.*)$/m.exec(each) ?? [];
        if (kind === undefined || data === undefined) continue;
        const event = { kind, ...(JSON.parse(data) as Record<string, unknown>) };
        events.push(event);
        if (last(event)) return events;
      }
    }
    throw new Error(`the feed ended before that:\n${JSON.stringify(events)}`);
  })();
  return { seen: seen.finally(() => leaving.abort()) };
};

test(
  'the feed tells every state of a slot, and each load with its reason',
  async () => {
    await using world = await startSlotsWorld();
    const { seen } = await watch(world.serving.url, ({ kind, what }) => kind === 'slot' && what === 'granted');
    expect((await world.chat('a', { max_tokens: 4 })).status).toBe(200);
    const events = await seen;
    const states = events.filter(({ kind, actor }) => kind === 'machine' && actor === 'slot/alpha');
    expect(states.map(({ event, state }) => `${event} ${state}`)).toEqual([
      'slot.load loading',
      'serve.loaded ready',
      'lease.grant ready',
    ]);
    expect(events.filter(({ kind }) => kind === 'slot')).toMatchObject([
      { what: 'loaded', model: 'alpha', why: 'demand', woken: false, adopted: false },
      { what: 'granted', model: 'alpha' },
    ]);
    expect(JSON.stringify(events)).not.toContain('lines');
  },
  LIMIT_MS,
);
