/** What would a harness have sent next? Recorded requests, carried on turn by turn from a seed. */
import type { DialectName, JsonObject } from '#core/message';
import { editJson } from '#core/prefix-splice';
import { prefixViews } from '#dialects/prefix-views';
import { createRandom, type Random } from '#tests/support/random';
import { ROOT } from './children';
import type { Client } from './prefix-clients';

/** Every so many requests the user speaks; the others bring the result of a tool. */
const REQUESTS_PER_PROMPT = 4;
const WORDS = 'read the file then fix what fails in its tests and say which line of the parser was wrong'.split(' ');

const words = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.pick(WORDS)).join(' ');

/** The model's words or call, and what follows: the items that one more request has. */
type Step = (random: Random, index: number, isPrompt: boolean) => readonly JsonObject[];

const STEPS: Readonly<Record<DialectName, Step>> = {
  'anthropic-messages': (random, index, isPrompt) =>
    isPrompt
      ? [
          { role: 'assistant', content: [{ type: 'text', text: words(random, 60) }] },
          { role: 'user', content: [{ type: 'text', text: words(random, 25) }] },
        ]
      : [
          {
            role: 'assistant',
            content: [{ type: 'tool_use', id: `toolu_${index}`, name: 'Read', input: { file_path: words(random, 3) } }],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: `toolu_${index}`, content: words(random, random.integer(40, 700)) },
            ],
          },
        ],
  'openai-chat': (random, index, isPrompt) => {
    const call = { id: `call_${index}`, type: 'function', function: { name: 'read', arguments: `{"n":${index}}` } };
    return isPrompt
      ? [
          { role: 'assistant', content: words(random, 60) },
          { role: 'user', content: words(random, 25) },
        ]
      : [
          { role: 'assistant', content: null, tool_calls: [call] },
          { role: 'tool', tool_call_id: `call_${index}`, content: words(random, random.integer(40, 700)) },
        ];
  },
  'openai-responses': (random, index, isPrompt) =>
    isPrompt
      ? [
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: words(random, 60) }] },
          { type: 'message', role: 'user', content: [{ type: 'input_text', text: words(random, 25) }] },
        ]
      : [
          { type: 'function_call', call_id: `call_${index}`, name: 'read', arguments: `{"n":${index}}` },
          { type: 'function_call_output', call_id: `call_${index}`, output: words(random, random.integer(40, 700)) },
        ],
};

const FIRST_ANSWER: Readonly<Record<DialectName, (item: JsonObject) => boolean>> = {
  'anthropic-messages': ({ role }) => role === 'assistant',
  'openai-chat': ({ role }) => role === 'assistant',
  'openai-responses': ({ role, type }) => role === 'assistant' || (role === undefined && type !== 'message'),
};

const listName = (dialect: DialectName): 'input' | 'messages' =>
  dialect === 'openai-responses' ? 'input' : 'messages';

/** The recording up to the model's first answer, its user asking something else. */
const openingOf = (body: JsonObject, dialect: DialectName, random: Random): JsonObject => {
  const name = listName(dialect);
  const items = body[name] as readonly JsonObject[];
  const end = items.findIndex(FIRST_ANSWER[dialect]);
  const opening = { ...body, [name]: end < 0 ? items : items.slice(0, end) };
  const { newest } = prefixViews[dialect](opening);
  if (newest?.text === undefined) throw new Error('the recording has no user who speaks');
  const { path, text } = newest;
  return editJson(opening, [{ kind: 'text', path, from: 0, to: text.length, insert: words(random, 20) }]);
};

/** The standing texts as they read at a moment. */
const written = (client: Client, body: JsonObject, at: number, prompts: number, random: Random): JsonObject => {
  const { standing } = prefixViews[client.dialect](body);
  return editJson(
    body,
    standing.map(({ path, text }, index) => {
      const insert = client.write(text, index, {
        at,
        prompts,
        random: random.fork(`moment ${at}`),
        ofSession: random.fork('session'),
      });
      return { kind: 'text', path, from: 0, to: text.length, insert };
    }),
  );
};

export interface SessionPlan {
  readonly seed: number;
  readonly requests: number;
  /** Epoch milliseconds of the first request; the others follow within minutes. */
  readonly startAt: number;
}

/** Bodies of one session in order. */
export const sessionOf = async (client: Client, plan: SessionPlan): Promise<readonly JsonObject[]> => {
  const recorded: { readonly body: JsonObject } = await Bun.file(
    `${ROOT}tests/fixtures/recordings/${client.recording}`,
  ).json();
  const random = createRandom(plan.seed).fork(`${client.name} ${client.dialect}`);
  const name = listName(client.dialect);
  let body: JsonObject = { ...openingOf(recorded.body, client.dialect, random), model: 'chat', stream: true };
  let at = plan.startAt;
  const bodies: JsonObject[] = [];
  for (let index = 0; index < plan.requests; index++) {
    if (index > 0) {
      const step = STEPS[client.dialect](random, index, index % REQUESTS_PER_PROMPT === 0);
      body = { ...body, [name]: [...(body[name] as readonly JsonObject[]), ...step] };
      at += random.integer(20_000, 150_000);
    }
    bodies.push(written(client, body, at, 1 + Math.floor(index / REQUESTS_PER_PROMPT), random));
  }
  return bodies;
};
