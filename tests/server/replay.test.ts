/** Is every request that a real harness sent served, whole and legal on both sides, whatever dialect the tier speaks? */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { dialects } from '#dialects/dialect';
import { type OneTier, startOneTier } from '#tests/server/one-tier';
import { quiet } from '#tests/server/quiet';
import { RECORDINGS, type Recording, THREADS } from '#tests/server/recordings';
import {
  callerTools,
  callIn,
  FINISH,
  type Seen,
  seenBy,
  toolsAsked,
  toolsOffered,
  wantsJson,
} from '#tests/server/replay-views';
import { errorIn } from '#tests/server/said';
import type { Json } from '#tests/server/strict';
import { chatBreaches } from '#tests/server/strict-chat';
import { messagesBreaches } from '#tests/server/strict-messages';
import { responsesBreaches } from '#tests/server/strict-responses';
import type { Answer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';

const TEXT = 'This is the whole answer: Größe 3 µm, 東京, and a last word.';
const JSON_TEXT = '{"title":"A short title"}';

/** What the tier answers: text, and the history's tool call once more if there is one. */
const answerTo = (recording: Recording): Answer => {
  if (wantsJson(recording)) return { blocks: [{ kind: 'text', text: JSON_TEXT }] };
  const call = callIn(recording);
  return { blocks: [{ kind: 'text', text: TEXT }, ...(call ? [{ kind: 'tool' as const, ...call }] : [])] };
};

const expectedOf = (recording: Recording): Seen => {
  const call = wantsJson(recording) ? undefined : callIn(recording);
  return {
    text: wantsJson(recording) ? JSON_TEXT : TEXT,
    tools: call ? [{ name: call.name, arguments: JSON.parse(call.arguments) }] : [],
    finish: FINISH[recording.dialect][call ? 1 : 0],
  };
};

/** Tools in forms that no local server of the dialect knows; such a request is asked in the common ones. */
const hasOwnForms = ({ dialect, body }: Recording): boolean =>
  dialect === 'openai-responses' && /"type":"(?:namespace|custom|additional_tools)"/.test(JSON.stringify(body));

/** A breach without the places in lists, which move when instructions join in front. */
const anywhere = (breach: string): string => breach.replace(/\[\d+\]/g, '[]');

const BREACHES = {
  'openai-chat': chatBreaches,
  'anthropic-messages': messagesBreaches,
  'openai-responses': responsesBreaches,
};

const send = ({ server }: OneTier, { target, headers, body }: Recording): Promise<Response> =>
  fetch(server.url + target, { method: 'POST', headers, body: JSON.stringify(body) });

for (const privacy of ['local', 'cloud'] as const) {
  for (const { name: dialect } of Object.values(dialects)) {
    describe(`a ${privacy} tier that speaks ${dialect}`, () => {
      let stage: OneTier;
      beforeAll(async () => {
        stage = await startOneTier(dialect, privacy, 262_144);
      });
      afterAll(async () => {
        await quiet(stage.server);
        expect(stage.server.bugs).toEqual([]);
        await stage.server[Symbol.asyncDispose]();
        await stage.tier.stop();
      });

      for (const recording of RECORDINGS)
        test(`${recording.name} is served whole, and the tier gets a legal request with every tool`, async () => {
          stage.tier.reply((request) =>
            answerSteps(dialect, (request.json as Json).stream === true, answerTo(recording)),
          );
          const index = stage.tier.requests.length;
          const response = await send(stage, recording);
          const body = await response.text();
          expect({ status: response.status, said: response.ok ? '' : body }).toEqual({ status: 200, said: '' });
          expect(seenBy(recording.dialect, recording.stream, body)).toEqual(expectedOf(recording));

          const upstream = stage.tier.requests[index]?.json as Json;
          const local = privacy === 'local';
          const passedOn = recording.dialect === dialect && !(local && hasOwnForms(recording));
          const breaches = (sent: Json): readonly string[] => BREACHES[dialect](sent, { local, passedOn });
          // What a harness itself gets wrong is its own affair; we add nothing to it.
          const own = passedOn ? breaches(recording.body).map(anywhere) : [];
          expect(breaches(upstream).filter((breach) => !own.includes(anywhere(breach)))).toEqual([]);
          expect(upstream.model).toBe('served-model');
          // No local server runs tools of its own or keeps any in waiting; the cloud gets what its callers send.
          if (passedOn && (!local || dialect === 'openai-chat')) expect(upstream.tools).toEqual(recording.body.tools);
          else if (passedOn && dialect === 'openai-responses') {
            expect(upstream.tools).toEqual(callerTools(recording.body));
          } else expect(toolsOffered(upstream)).toEqual(toolsAsked(recording.body));
          expect(stage.tier.requests.length).toBe(index + 1);
        });
    });
  }
}

describe('threads', () => {
  for (const recording of THREADS)
    test(`${recording.name} is refused in the form upon which the client sends everything`, async () => {
      const stage = await startOneTier('anthropic-messages', 'local', 262_144);
      const response = await send(stage, recording);
      const body = await response.text();
      const said = errorIn('anthropic-messages', body) as unknown as { details: Json };
      const continues = (recording.body.thread as Json).type === 'continue';
      expect([response.status, said.details.error_code]).toEqual(
        continues ? [404, 'thread_not_found'] : [400, 'thread_unsupported_request'],
      );
      expect(stage.tier.requests.length).toBe(0);
      await stage.server[Symbol.asyncDispose]();
      await stage.tier.stop();
    });
});
