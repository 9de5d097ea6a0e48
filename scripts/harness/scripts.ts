/** What do the scripted tiers say: which answer to which request, in the dialect that they speak? */
import { type Client, DIALECTS, type Dialect } from '#scripts/harness/client';
import { FAILURES } from '#scripts/harness/failures';
import { EDITED_FILE } from '#scripts/harness/file';
import { isMishap, mishapSteps } from '#scripts/harness/mishaps';
import { isRepairName, REPAIRS, scriptOfRepair } from '#scripts/harness/repairs';
import { sessionSpeak } from '#scripts/harness/session';
import {
  type Asked,
  askedOf,
  both,
  call,
  IMAGE_FILE,
  plain,
  type Script,
  type Speak,
  text,
  toolSpeak,
  WORDS,
} from '#scripts/harness/speech';
import { WAITS } from '#scripts/harness/waits';
import type { Answer } from '#tests/support/answer';
import { answerSteps } from '#tests/support/answers';
import type { ReplyFunction } from '#tests/support/fake-tier-steps';

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
export const TURNS = ['answer', 'tool', 'image', 'session', 'escalation', 'exhaustion'] as const;
/** All of them; failures and waits do not depend on the tier's dialect. */
export const CASES = [...TURNS, ...REPAIRS, ...FAILURES, ...WAITS] as const;
export type CaseName = (typeof CASES)[number];

const halfAnswer = text(
  `${WORDS.half}: the first of three steps is to look at the counter, the second is to reset it.`,
);

/** @param work the client's working directory, where the image is */
export const scriptOf = (name: CaseName, client: Client, dialect: Dialect, work: string): Script => {
  if (isRepairName(name)) return scriptOfRepair(name, client, work);
  switch (name) {
    case 'answer':
    case 'swap':
    case 'overflow':
    case 'budget':
      return both(plain);
    case 'tool':
      return both(toolSpeak(client));
    case 'image':
      return both(image(client, dialect, `${work}/${IMAGE_FILE}`));
    case 'session':
      return both(sessionSpeak(client, `${work}/${EDITED_FILE}`));
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
