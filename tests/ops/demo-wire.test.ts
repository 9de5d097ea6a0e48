/** Do the demo tiers speak proper Chat Completions over a real socket, streamed and whole? */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import OpenAI from 'openai';
import { type DemoTiers, startDemoTiers } from '#ops/demo/start';
import { listenOnLoopback } from '#platform/listen';
import { createSimulatedClock, realClock, settle } from '#tests/support/clock';
import { rejectionOf } from '#tests/support/rejection';
import { chatSeen, eventsOf } from '#tests/support/sse';

const NO_PACE = { fast: { firstTokenMs: 0, tokenMs: 0 }, heavy: { firstTokenMs: 0, tokenMs: 0 } };
let ids = 0;
const id = (): string => `id${++ids}`;
let demo: DemoTiers;
beforeAll(() => {
  demo = startDemoTiers({ clock: realClock, id, listen: listenOnLoopback, pace: NO_PACE });
});
afterAll(() => demo.stop());

const ask = (body: object, url = demo.heavyUrl): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
const user = (content: string) => ({ messages: [{ role: 'user', content }] });
const stream = async (body: object, url?: string) =>
  chatSeen(await (await ask({ ...body, stream: true, stream_options: { include_usage: true } }, url)).text());
interface Whole {
  readonly id: string;
  readonly choices: readonly [{ readonly message: { readonly content: string }; readonly finish_reason: string }];
  readonly usage: { readonly completion_tokens: number; readonly prompt_tokens: number };
}
const whole = async (body: object, url?: string): Promise<Whole> => (await ask(body, url)).json() as Promise<Whole>;

describe('demo-heavy', () => {
  test('answers the same request with the same words, streamed or whole', async () => {
    const request = user('why is the sky blue?');
    const streamed = await stream(request);
    const read = await whole(request);
    expect(streamed.text).toContain('You asked: "why is the sky blue"');
    expect(read.choices[0].message.content).toBe(streamed.text);
    expect(streamed).toMatchObject({ finish: 'stop', terminal: true });
    expect(streamed.usage).toMatchObject({ completion_tokens: read.usage.completion_tokens });
    expect(read.usage.prompt_tokens).toBeGreaterThan(1);
  });

  test('stops at the caller cap and counts exactly that many tokens', async () => {
    const read = await stream({ ...user('tell me a long story'), max_tokens: 5 });
    expect(read.finish).toBe('length');
    expect(read.usage).toMatchObject({ completion_tokens: 5 });
    const one = await whole({ ...user('hi'), max_completion_tokens: 1 });
    expect(one.choices[0]).toMatchObject({ finish_reason: 'length' });
    expect(one.choices[0].message.content.length).toBeGreaterThan(0);
  });

  test('sends a usage chunk only when asked, and a fresh id every time', async () => {
    const without = await (await ask({ ...user('hi'), stream: true })).text();
    expect(without).not.toContain('"usage"');
    const idOf = (text: string): unknown => (JSON.parse(eventsOf(text)[0]?.data ?? '{}') as { id?: string }).id;
    const again = await (await ask({ ...user('hi'), stream: true })).text();
    expect(idOf(again)).not.toBe(idOf(without));
  });

  test('never fails, whatever the forcing word', async () => {
    for (const word of ['demo:empty', 'demo:cut', 'demo:refused', 'demo:truncated', 'demo:fence']) {
      expect(await stream(user(`${word} hello`))).toMatchObject({ finish: 'stop', terminal: true });
    }
  });

  test('is understood by the official client, streamed and whole', async () => {
    const client = new OpenAI({ baseURL: `${demo.heavyUrl}/v1`, apiKey: 'demo', maxRetries: 0 });
    const messages = [{ role: 'user' as const, content: 'write a function that sorts names' }];
    const reply = await client.chat.completions.create({ model: 'demo-heavy', messages });
    let text = '';
    for await (const chunk of await client.chat.completions.create({ model: 'demo-heavy', messages, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    expect(reply.choices[0]?.message.content).toBe(text);
    expect(text.match(/```/g)?.length).toBe(2);
  });
});

describe('routes', () => {
  test('each tier lists itself and is healthy', async () => {
    for (const [url, name] of [
      [demo.fastUrl, 'demo-fast'],
      [demo.heavyUrl, 'demo-heavy'],
    ]) {
      const list = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
      expect(list.data.map((model) => model.id)).toEqual([name as string]);
      expect((await fetch(`${url}/health`)).status).toBe(200);
    }
  });

  test('what is no request is refused in words', async () => {
    const broken = await fetch(`${demo.heavyUrl}/v1/chat/completions`, { method: 'POST', body: '{"messages": 1' });
    expect(broken.status).toBe(400);
    expect(((await broken.json()) as { error: { message: string } }).error.message).toContain('messages');
    expect((await fetch(`${demo.heavyUrl}/v1/elsewhere`)).status).toBe(404);
  });
});

describe('pace', () => {
  test('tokens come one by one on the given clock, and a caller who leaves stops them', async () => {
    const clock = createSimulatedClock();
    const pace = { firstTokenMs: 100, tokenMs: 10 };
    const slow = startDemoTiers({ clock, id, listen: listenOnLoopback, pace: { fast: pace, heavy: pace } });
    const opened = ask({ ...user('hello'), stream: true }, slow.heavyUrl);
    while (clock.pending === 0) await settle();
    expect(clock.nextAt).toBe(100);
    await clock.advance(100);
    const reader = ((await opened).body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    while (clock.pending === 0) await settle();
    expect(clock.nextAt).toBe(110);
    await reader.cancel();
    while (clock.pending > 0) await settle();
    await slow.stop();
  });

  test('a stopped demo refuses connections, and can be stopped twice', async () => {
    const brief = startDemoTiers({ clock: realClock, id, listen: listenOnLoopback, pace: NO_PACE });
    await brief.stop();
    await brief.stop();
    expect((await rejectionOf(fetch(`${brief.fastUrl}/health`))).code).toBe('ECONNREFUSED');
  });

  test('when the second tier cannot listen, the first one is closed again', async () => {
    const started: { readonly url: string }[] = [];
    const listenOnce: typeof listenOnLoopback = (handler, port) => {
      if (started.length > 0) throw new Error('no more ports');
      const listener = listenOnLoopback(handler, port);
      started.push(listener);
      return listener;
    };
    expect(() => startDemoTiers({ clock: realClock, id, listen: listenOnce })).toThrow('no more ports');
    expect((await rejectionOf(fetch(`${started[0]?.url}/health`))).code).toBe('ECONNREFUSED');
  });
});
