/** Does an operator see the models of a router come and go, and can they be moved by hand? */
import { expect, test } from 'bun:test';
import { run } from '#tests/e2e/program';
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

test(
  'the verbs of the multiplexer work on a router that has one inside',
  async () => {
    await using world = await startSlotsWorld();
    const { url } = world.serving;
    await using load = await run(['multiplexer', 'load', 'beta', '--url', url]);
    expect(await load.exited).toBe(0);
    await using status = await run(['multiplexer', 'status', '--url', url, '--json']);
    expect(await status.exited).toBe(0);
    expect(JSON.parse(status.out())).toMatchObject({
      object: 'slots',
      slots: [
        { model: 'alpha', state: 'empty' },
        { model: 'beta', state: 'ready' },
      ],
    });
    const events = await fetch(`${url}/v1/slots/events`);
    const first = await events.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value)).toStartWith('event: slots\ndata: {"object":"slots"');
    await using unload = await run(['multiplexer', 'unload', 'beta', '--url', url]);
    expect(await unload.exited).toBe(0);
    expect((await world.slot('beta')).state).toBe('empty');
    const unknown = await fetch(`${url}/v1/slots/gamma/load`, { method: 'POST' });
    expect({ status: unknown.status, body: await unknown.json() }).toMatchObject({
      status: 404,
      body: { error: { type: 'model_not_found' } },
    });
  },
  LIMIT_MS,
);
