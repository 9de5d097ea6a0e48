/** Does every fault of the catalogue show on the wire as it claims, for every dialect and form it applies to? */
import { describe, expect, test } from 'bun:test';
import { GOOD_ANSWERS } from '#tests/support/answer';
import { pathFor } from '#tests/support/answers';
import { startFakeTier } from '#tests/support/fake-tier';
import {
  type FaultContext,
  faultsFor,
  ODDITIES,
  pickFault,
  TIER_FAULTS,
  type TierFault,
  tierFault,
} from '#tests/support/faults';
import { refusedPort } from '#tests/support/ports';
import { createRandom } from '#tests/support/random';
import { rejectionOf } from '#tests/support/rejection';
import { chatSeen, messagesSeen } from '#tests/support/sse';

const CONTEXTS: readonly FaultContext[] = [
  { dialect: 'openai-chat', stream: true, answer: GOOD_ANSWERS.text },
  { dialect: 'openai-chat', stream: false, answer: GOOD_ANSWERS.text },
  { dialect: 'anthropic-messages', stream: true, answer: GOOD_ANSWERS.text },
  { dialect: 'anthropic-messages', stream: false, answer: GOOD_ANSWERS.text },
];

const isSound = (context: FaultContext, contentType: string | null, body: string): boolean => {
  if (contentType?.includes('event-stream') === true) {
    const read = context.dialect === 'openai-chat' ? chatSeen : messagesSeen;
    try {
      const seen = read(body);
      return seen.terminal && seen.error === undefined;
    } catch {
      return false;
    }
  }
  try {
    const reply = JSON.parse(body) as { choices?: unknown; content?: unknown };
    return reply.choices !== undefined || reply.content !== undefined;
  } catch {
    return false;
  }
};

/** Plays a fault to a plain client and returns how it really showed. */
const observe = async (fault: TierFault, context: FaultContext): Promise<string> => {
  await using tier = await startFakeTier();
  tier.always(fault.steps(context));
  const leave = new AbortController();
  const opened = fetch(tier.url + pathFor(context.dialect), {
    method: 'POST',
    body: '{}',
    redirect: 'manual',
    signal: leave.signal,
  });
  if (fault.shows === 'silence' && fault.only !== 'stream') {
    await tier.nextRequest();
    leave.abort(new Error('left'));
    await rejectionOf(opened);
    await tier.callerClosed(0);
    return 'silence';
  }
  const outcome = await opened.then(
    (response) => ({ response }),
    () => undefined,
  );
  if (outcome === undefined) return 'no-head';
  const { response } = outcome;
  if (fault.shows === 'silence' || fault.shows === 'endless') {
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await reader.cancel();
    await tier.callerClosed(0);
    return fault.shows;
  }
  if (fault.retryAfterMs !== undefined) {
    expect(Number(response.headers.get('retry-after')) * 1000).toBe(fault.retryAfterMs);
  }
  if (response.status !== 200) return response.status === fault.status ? 'status' : `status ${response.status}`;
  const body = await response.text().catch(() => undefined);
  if (body === undefined) return 'broken-body';
  return isSound(context, response.headers.get('content-type'), body) ? 'a sound answer' : 'bad-body';
};

for (const context of CONTEXTS) {
  describe(`${context.dialect}, ${context.stream ? 'streamed' : 'whole'}`, () => {
    test.each(faultsFor(context.dialect, context.stream).filter((name) => name !== 'refused'))('%s', async (name) => {
      const fault = tierFault(name);
      const shown = await observe(fault, context);
      // A reset can overtake the head that was sent before it.
      const allowed = fault.orKind === undefined ? [fault.shows] : [fault.shows, 'no-head'];
      expect(allowed as string[]).toContain(shown);
    });
  });
}

test('refused really means a refused connection', async () => {
  await using port = await refusedPort();
  expect(tierFault('refused').shows).toBe('refused');
  expect((await rejectionOf(fetch(port.url))).code).toBe('ECONNREFUSED');
});

test('a cut at any byte never lets the whole answer out', async () => {
  await using tier = await startFakeTier();
  const [context] = CONTEXTS;
  if (context === undefined) throw new Error('no context');
  const random = createRandom(11);
  for (let round = 0; round < 25; round++) {
    const cutAt = random.integer(0, 2000);
    tier.reply(tierFault('cut, connection closed').steps({ ...context, cutAt }));
    const response = await fetch(tier.url, { method: 'POST' });
    await rejectionOf(response.text());
  }
  expect(tier.requests.length).toBe(25);
});

test('the slow head answers well once its gate opens', async () => {
  await using tier = await startFakeTier();
  for (const context of CONTEXTS) {
    tier.reply(tierFault('slow head').steps(context));
    const response = fetch(tier.url, { method: 'POST' });
    await tier.nextRequest();
    tier.release('slow head');
    const { headers } = await response;
    expect(isSound(context, headers.get('content-type'), await (await response).text())).toBe(true);
  }
});

test('the same seed picks the same faults, and enough seeds pick every one', () => {
  const [context] = CONTEXTS;
  if (context === undefined) throw new Error('no context');
  const names = (seed: number): string[] => {
    const random = createRandom(seed);
    return Array.from({ length: 20 }, () => pickFault(random, context).name);
  };
  expect(names(1)).toEqual(names(1));
  const all = new Set(Array.from({ length: 40 }, (_, seed) => names(seed)).flat());
  expect([...all].sort()).toEqual(faultsFor('openai-chat', true).sort());
});

test('every fault applies somewhere', () => {
  const reachable = new Set(CONTEXTS.flatMap((context) => faultsFor(context.dialect, context.stream)));
  expect([...reachable].sort()).toEqual((Object.keys(TIER_FAULTS) as (keyof typeof TIER_FAULTS)[]).sort());
});

test.each(Object.keys(ODDITIES) as (keyof typeof ODDITIES)[])('%s is odd but sound', async (name) => {
  const oddity: Pick<TierFault, 'only' | 'dialect' | 'steps'> = ODDITIES[name];
  await using tier = await startFakeTier();
  for (const context of CONTEXTS) {
    if ((oddity.only === 'stream' && !context.stream) || (oddity.dialect ?? context.dialect) !== context.dialect)
      continue;
    tier.reply(oddity.steps(context));
    const response = await fetch(tier.url, { method: 'POST' });
    const body = await response.text();
    const sound = isSound(context, response.headers.get('content-type'), body);
    expect(sound || (name.startsWith('no [DONE]') && chatSeen(body).finish === 'stop')).toBe(true);
  }
});
