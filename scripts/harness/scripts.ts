/** What do the scripted tiers say: which answer to which request, in the dialect that they speak? */
import { type Client, DIALECTS, type Dialect, type ToolUse } from '#scripts/harness/client';
import { FAILURES } from '#scripts/harness/failures';
import { isMishap, type Mishap, mishapSteps } from '#scripts/harness/mishaps';
import type { Answer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import type { ReplyFunction } from '#tests/support/fake-tier-steps';

/** The words that prove which answer reached the user. */
export const WORDS = {
  answer: 'ANVIL-ANSWER-COMPLETE',
  toolUsed: 'ANVIL-TOOL-RESULT-USED',
  imageSeen: 'ANVIL-IMAGE-SEEN',
  imageLost: 'ANVIL-IMAGE-LOST',
  half: 'ANVIL-HALF-ANSWER',
} as const;

/** Printed by the shell only: neither the prompt nor the call holds the sum. */
export const PROOF = `proof-${123_456 + 654_321}`;
export const PROOF_FILE = 'anvil-proof.txt';
export const PROOF_COMMAND = `echo "proof-$((123456 + 654321))" | tee ${PROOF_FILE}`;
export const IMAGE_FILE = 'picture.png';

/** A request as far as a script looks at it. */
interface Asked {
  readonly body: string;
  readonly stream: boolean;
  readonly tools: ReadonlySet<string>;
  readonly wantsJson: boolean;
}

type Speak = (asked: Asked) => Answer | Mishap;

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const toolName = (tool: unknown): string => {
  const { name, function: definition } = record(tool);
  return String(name ?? record(definition).name ?? '');
};

const askedOf = (body: string, parsed: unknown): Asked => {
  const { stream, tools, response_format, output_config, text } = record(parsed);
  const format = response_format ?? record(output_config).format ?? record(text).format;
  const type = record(format).type;
  return {
    body,
    stream: stream === true,
    tools: new Set(list(tools).map(toolName)),
    wantsJson: type === 'json_object' || type === 'json_schema',
  };
};

const text = (words: string, finish?: 'length'): Answer => ({
  blocks: [{ kind: 'text', text: words }],
  ...(finish === undefined ? {} : { finish }),
});

const call = ({ name, arguments: args }: ToolUse): Answer => ({
  blocks: [{ kind: 'tool', name, arguments: JSON.stringify(args) }],
});

/** Requests beside the turn (titles, memories) want JSON, or at least no tool. */
const aside = (asked: Asked, words: string): Answer => text(asked.wantsJson ? '{"title":"A short title"}' : words);

const plain: Speak = (asked) => aside(asked, `Here you are: ${WORDS.answer}.`);

/** Calls the tool until its result is in the history, then says so. */
const usingTool =
  (use: ToolUse, done: (asked: Asked) => Answer | undefined): Speak =>
  (asked) => {
    const answer = done(asked);
    if (answer !== undefined) return answer;
    return asked.tools.has(use.name) ? call(use) : plain(asked);
  };

/** How an image is written in each dialect of a tier. */
const IMAGE: Readonly<Record<Dialect, RegExp>> = {
  chat: /"url":\s*"data:image\/[a-z]+;base64,[A-Za-z0-9+/]{50}/,
  messages: /"data":\s*"[A-Za-z0-9+/]{50}|"media_type":\s*"image\//,
  responses: /"image_url":\s*"data:image\/[a-z]+;base64,[A-Za-z0-9+/]{50}/,
};

const seesImage = (dialect: Dialect, asked: Asked): Answer | undefined =>
  IMAGE[dialect].test(asked.body) ? text(`I see it. ${WORDS.imageSeen}.`) : undefined;

const image = (client: Client, dialect: Dialect, path: string): Speak => {
  if (typeof client.image !== 'function') {
    return (asked) => seesImage(dialect, asked) ?? text(`I see nothing. ${WORDS.imageLost}.`);
  }
  let calls = 0;
  const use = client.image(path);
  return (asked) => {
    const seen = seesImage(dialect, asked);
    if (seen !== undefined) return seen;
    if (!asked.tools.has(use.name)) return plain(asked);
    calls += 1;
    return calls > 1 ? text(`I see nothing. ${WORDS.imageLost}.`) : call(use);
  };
};

/** Cases of a whole turn, in every pair of dialects. */
export const TURNS = ['answer', 'tool', 'image', 'escalation', 'exhaustion'] as const;
/** All of them; failures do not depend on the tier's dialect. */
export const CASES = [...TURNS, ...FAILURES] as const;
export type CaseName = (typeof CASES)[number];

/** What both tiers say in a case. */
export interface Script {
  readonly fast: Speak;
  readonly heavy: Speak;
}

const both = (speak: Speak): Script => ({ fast: speak, heavy: speak });
const halfAnswer = text(
  `${WORDS.half}: the first of three steps is to look at the counter, the second is to reset it.`,
);

const toolSpeak = (client: Client): Speak =>
  client.shell === undefined
    ? plain
    : usingTool(client.shell(PROOF_COMMAND), ({ body }) =>
        body.includes(PROOF) ? text(`The command printed ${PROOF}. ${WORDS.toolUsed}.`) : undefined,
      );

/** @param work the client's working directory, where the image is */
export const scriptOf = (name: CaseName, client: Client, dialect: Dialect, work: string): Script => {
  switch (name) {
    case 'answer':
    case 'overflow':
    case 'budget':
      return both(plain);
    case 'tool':
      return both(toolSpeak(client));
    case 'image':
      return both(image(client, dialect, `${work}/${IMAGE_FILE}`));
    case 'escalation':
      return { fast: () => text(`${WORDS.half}: the first of three steps is to`, 'length'), heavy: toolSpeak(client) };
    case 'exhaustion':
      return both(() => 'fail');
    case 'caller-error':
      return both(() => 'refuse');
    case 'in-stream':
      return { fast: () => 'late', heavy: () => 'fail' };
    case 'broken':
      return both(() => ({ cut: halfAnswer }));
  }
};

/** Puts a script on the wire; every answer has ids of its own. */
export const replyWith = (dialect: Dialect, tier: string, speak: Speak): ReplyFunction => {
  const wire = DIALECTS[dialect];
  let count = 0;
  return ({ body, json: parsed }) => {
    count += 1;
    const asked = askedOf(body, parsed);
    const answer = speak(asked);
    if (isMishap(answer)) return mishapSteps(wire, asked.stream, answer);
    const blocks = answer.blocks.map((block, index) =>
      block.kind === 'tool' ? { ...block, id: `call_${tier}_${count}_${index}` } : block,
    );
    const id = `${wire === 'anthropic-messages' ? 'msg' : 'resp'}_${tier}_${count}`;
    const usage = { input: Math.ceil(body.length / 4), output: 12 };
    return answerSteps(wire, asked.stream, { ...answer, id, usage, blocks });
  };
};
