/** How does one demo tier behave as an OpenAI-compatible server: its routes, its pace, its patience? */

import type { DemoPlan } from '#ops/demo/failures';
import { type DemoRequest, readDemoRequest } from '#ops/demo/request';
import { streamEvents, type WireAnswer, wholeBody } from '#ops/demo/wire';
import type { Clock } from '#platform/effects';
import type { RequestHandler } from '#platform/listen';
import { pause } from '#platform/pause';

/** How fast a tier speaks, in milliseconds. */
export interface Pace {
  readonly firstTokenMs: number;
  readonly tokenMs: number;
}

export interface DemoTier {
  readonly name: string;
  readonly contextTokens: number;
  readonly pace: Pace;
  readonly behave: (request: DemoRequest) => DemoPlan;
  readonly clock: Clock;
  readonly id: () => string;
}

/** The longest a whole reply is kept back to look like generation. */
const WHOLE_MS_MAX = 1_500;

/** Waits on the given clock; resolves early, with false, when the caller leaves. */
const wait = (clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> =>
  ms <= 0 ? Promise.resolve(!signal.aborted) : pause(clock, ms, signal);

const errorReply = (status: number, type: string, message: string): Response =>
  Response.json({ error: { message, type, param: null, code: status } }, { status });

/** Events one by one at the tier's pace; pulled, so a caller that reads slowly slows the tier down. */
const paced = (tier: DemoTier, events: readonly string[], signal: AbortSignal): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder();
  const left = new AbortController();
  const either = AbortSignal.any([signal, left.signal]);
  let at = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const going = await wait(tier.clock, at === 0 ? 0 : tier.pace.tokenMs, either);
      const event = events[at++];
      if (!going || event === undefined) {
        if (!left.signal.aborted) controller.close();
        return;
      }
      controller.enqueue(encoder.encode(event));
    },
    cancel: () => left.abort(),
  });
};

const answer = async (
  tier: DemoTier,
  asked: DemoRequest,
  plan: Extract<DemoPlan, { kind: 'answer' }>,
  signal: AbortSignal,
): Promise<Response> => {
  const wire: WireAnswer = {
    model: tier.name,
    id: tier.id(),
    created: Math.floor(tier.clock.wall() / 1000),
    answer: plan.answer,
    stopAfter: Math.min(plan.stopAfter ?? Number.POSITIVE_INFINITY, asked.cap ?? Number.POSITIVE_INFINITY),
    cut: plan.cut === true,
  };
  if (asked.stream) {
    await wait(tier.clock, tier.pace.firstTokenMs, signal);
    return new Response(paced(tier, streamEvents(asked, wire), signal), {
      headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
    });
  }
  const tokens = streamEvents(asked, wire).length;
  await wait(tier.clock, Math.min(WHOLE_MS_MAX, tier.pace.firstTokenMs + tokens * tier.pace.tokenMs), signal);
  return new Response(wholeBody(asked, wire), { headers: { 'content-type': 'application/json' } });
};

const generate = async (tier: DemoTier, request: Request): Promise<Response> => {
  const asked = readDemoRequest(await request.text());
  if (asked === undefined) return errorReply(400, 'invalid_request_error', 'a JSON object with `messages` is needed');
  let plan = tier.behave(asked);
  if (plan.kind === 'error') return errorReply(plan.status, 'server_error', plan.message);
  if (plan.kind === 'hang') {
    const { ms } = plan;
    if (!(await wait(tier.clock, ms, request.signal))) return errorReply(499, 'server_error', 'the caller left');
    plan = { kind: 'answer', answer: { text: `demo-fast is awake again after ${ms / 1000} seconds.` } };
  }
  return answer(tier, asked, plan, request.signal);
};

/** The server side of one tier: `POST /v1/chat/completions`, `GET /v1/models`, `GET /health`. */
export const demoHandler =
  (tier: DemoTier): RequestHandler =>
  (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === 'POST' && pathname === '/v1/chat/completions') return generate(tier, request);
    if (request.method === 'GET' && pathname === '/health') return Response.json({ status: 'ok' });
    if (request.method === 'GET' && pathname === '/v1/models') {
      const model = {
        id: tier.name,
        object: 'model',
        created: 0,
        owned_by: 'anvil-demo',
        max_model_len: tier.contextTokens,
      };
      return Response.json({ object: 'list', data: [model] });
    }
    return errorReply(404, 'not_found_error', `no route ${request.method} ${pathname}`);
  };
