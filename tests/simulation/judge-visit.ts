/** Is what one caller got a whole answer of exactly one tier, or a clean error in its own dialect? */
import type { DecisionRecord } from '#core/decision';
import { wasSent } from '#core/decision-facts';
import { type Gist, gistOf, marksIn } from '#tests/simulation/answers';
import type { Visit } from '#tests/simulation/callers';
import type { ScriptedCall } from '#tests/simulation/scripts';
import { chatSeen, messagesSeen, parseSse } from '#tests/support/sse';

type Json = Record<string, unknown>;
const objectOf = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const stringOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What was understood of a body, and how it ended. */
export interface Understood extends Gist {
  readonly end: 'whole' | 'error' | 'open';
}

const wholeChat = (body: Json): Understood => {
  const message = objectOf(objectOf(listOf(body.choices)[0]).message);
  const tools = listOf(message.tool_calls).map((call) => {
    const called = objectOf(objectOf(call).function);
    return { name: stringOf(called.name), arguments: stringOf(called.arguments) };
  });
  return { text: stringOf(message.content) + stringOf(message.refusal), tools, end: 'whole' };
};

const wholeMessages = (body: Json): Understood => {
  const blocks = listOf(body.content).map(objectOf);
  return {
    text: blocks.map((block) => (block.type === 'text' ? stringOf(block.text) : '')).join(''),
    tools: blocks
      .filter(({ type }) => type === 'tool_use')
      .map((block) => ({ name: stringOf(block.name), arguments: JSON.stringify(block.input) })),
    end: 'whole',
  };
};

const isErrorOf = (dialect: string, body: Json): boolean => {
  const error = objectOf(body.error);
  const said = stringOf(error.message) !== '' && stringOf(error.type) !== '';
  return dialect === 'openai-chat' ? said : said && body.type === 'error';
};

const understandWhole = ({ request, body, status }: Visit): Understood | string => {
  let parsed: Json;
  try {
    parsed = objectOf(JSON.parse(body));
  } catch {
    return `the body is no JSON: ${JSON.stringify(body.slice(0, 120))}`;
  }
  if (status !== 200) {
    return isErrorOf(request.dialect, parsed)
      ? { text: '', tools: [], end: 'error' }
      : `no error document of ${request.dialect}: ${body.slice(0, 200)}`;
  }
  if (parsed.error !== undefined) return 'an error with status 200';
  return request.dialect === 'openai-chat' ? wholeChat(parsed) : wholeMessages(parsed);
};

const understandStream = ({ request, body, ended }: Visit): Understood | string => {
  try {
    const seen = (request.dialect === 'openai-chat' ? chatSeen : messagesSeen)(body);
    const { unfinished } = parseSse(body);
    if (ended === 'complete' && unfinished !== '')
      return `the stream ends inside an event: ${unfinished.slice(0, 120)}`;
    if (seen.terminal && seen.error) return 'an error and a proper end in one stream';
    // Some Chat servers close after the finish reason; their bytes are kept, and clients take it for an end.
    const ends = seen.terminal || (request.dialect === 'openai-chat' && seen.finish !== undefined);
    return { text: seen.text, tools: seen.tools, end: seen.error ? 'error' : ends ? 'whole' : 'open' };
  } catch (error) {
    return `unreadable stream: ${String(error).slice(0, 200)} in ${JSON.stringify(body.slice(-300))}`;
  }
};

/** The meaning of a body, or what is wrong with it. */
export const understand = (visit: Visit): Understood | string => {
  const isStream = visit.headers.get('content-type')?.includes('text/event-stream') === true;
  return isStream ? understandStream(visit) : understandWhole(visit);
};

const sameJson = (left: string, right: string): boolean => {
  if (left === right) return true;
  try {
    return JSON.stringify(JSON.parse(left)) === JSON.stringify(JSON.parse(right));
  } catch {
    return false;
  }
};

const isWholeAnswer = (got: Gist, meant: Gist): boolean =>
  got.text === meant.text &&
  got.tools.length === meant.tools.length &&
  got.tools.every(({ name, arguments: args }, at) => {
    const wanted = meant.tools[at];
    return wanted !== undefined && wanted.name === name && sameJson(args, wanted.arguments);
  });

const isPartOf = (got: Gist, meant: Gist): boolean =>
  meant.text.startsWith(got.text) &&
  got.tools.every((tool) =>
    meant.tools.some(
      ({ name, arguments: args }) => (tool.name === name || tool.name === '') && args.startsWith(tool.arguments),
    ),
  );

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** The calls of the answer that left, where it was carried on or a block of it asked for again; undefined where unclear. */
const callsOfChain = (record: DecisionRecord, calls: readonly ScriptedCall[]): readonly ScriptedCall[] | undefined => {
  const sent = record.attempts.filter(wasSent);
  // A stale connection adds calls, which then cannot be told apart.
  if (sent.length !== calls.length) return undefined;
  const from = sent.findLastIndex(({ role }) => role === undefined);
  return calls.slice(Math.max(0, from));
};

/** Whether a text is beginnings of some texts in a row; the last of them whole, if it must be. */
const isRowOf = (got: string, texts: readonly string[], whole: boolean): boolean => {
  const last = texts.at(-1) ?? '';
  if (texts.length <= 1) return whole ? got === last : last.startsWith(got);
  for (let at = got.length; at >= 0; at--) {
    const tail = got.slice(at);
    if (!(whole ? tail === last : last.startsWith(tail))) continue;
    if (isRowOf(got.slice(0, at), texts.slice(0, -1), false)) return true;
  }
  return false;
};

/** An answer of several calls: no character of any but them, the text of each going on where the last one stopped. */
const judgeChain = (understood: Understood, record: DecisionRecord, calls: readonly ScriptedCall[]): string[] => {
  const chain = callsOfChain(record, calls);
  if (!chain) return [];
  const { text, tools, end } = understood;
  const numbers = new Set(chain.map(({ call }) => call.number));
  const marks = marksIn(text + tools.map((tool) => tool.name + tool.arguments).join(''));
  const problems = marks.filter((mark) => !numbers.has(mark)).map((mark) => `output of call ${mark} leaked`);
  // Nobody has written down all the words of it.
  if (chain.some(({ kind }) => kind === 'endless answer')) return problems;
  // A question that was in vain, before another tier began anew, is no part of the answer.
  const askedAgain = record.attempts
    .filter(wasSent)
    .slice(-chain.length)
    .some(({ role }) => role === 'ask-again');
  const gists = chain.map(({ answer }) => gistOf(answer));
  const lastGist = gists.at(-1);
  if (askedAgain) {
    if (end === 'open') return problems;
    for (const tool of tools) if (!isJson(tool.arguments)) problems.push('a call that was asked for again left broken');
    return problems;
  }
  if (
    !isRowOf(
      text,
      // White space behind the seam waits for words to follow; where none do, it never leaves.
      gists.map(({ text: words }, at) => (at > 0 && words.trim() === '' ? '' : words)),
      end === 'whole',
    )
  )
    problems.push('the rest does not follow the text');
  if (end === 'whole' && tools.length !== (lastGist?.tools.length ?? 0))
    problems.push('calls were lost behind the seam');
  return problems;
};

/** What left must come from the one tier that the record says served it. */
const judgeOrigin = (understood: Understood, record: DecisionRecord, calls: readonly ScriptedCall[]): string[] => {
  const { text, tools } = understood;
  const marks = marksIn(text + tools.map((tool) => tool.name + tool.arguments).join(''));
  const serving = record.attempts.find(({ outcome }) => outcome === 'served' || outcome === 'broken');
  const left = record.attempts.at(-1)?.outcome === 'cancelled' ? record.attempts.at(-1) : undefined;
  const tier = (serving ?? left)?.tier;
  if (text === '' && tools.length === 0) return [];
  if (record.attempts.some(({ role }) => role !== undefined)) return judgeChain(understood, record, calls);
  if (tier === undefined) return ['model output reached the caller although no attempt served it'];
  // Of several calls to one tier only the last can be the attempt: the others were stale connections.
  const call = calls.findLast((one) => one.call.host === tier);
  if (!call) return [`the record names ${tier}, which was never called`];
  const problems = marks.filter((mark) => mark !== call.call.number).map((mark) => `output of call ${mark} leaked`);
  const meant = gistOf(call.answer);
  if (understood.end === 'whole' && !isWholeAnswer(understood, meant))
    problems.push(`a clean stop, but not the whole answer of call ${call.call.number} (${call.kind})`);
  if (understood.end !== 'whole' && call.kind !== 'endless answer' && !isPartOf(understood, meant))
    problems.push(`what left is no beginning of the answer of call ${call.call.number} (${call.kind})`);
  if ((serving ?? left)?.hold === 'block' && record.stream && understood.end !== 'open')
    for (const tool of tools) if (!isJson(tool.arguments)) problems.push('a tool call left a held block half-made');
  return problems;
};

/** Where nothing is held nothing is read, so a frame that is no JSON passes like any other until the stream breaks off. */
const isUntouchedNonsense = (record: DecisionRecord, calls: readonly ScriptedCall[]): boolean =>
  calls.at(-1)?.kind === 'malformed frame' && record.attempts.at(-1)?.hold === 'none' && record.outcome !== 'finished';

/** @param calls the calls made for this request, in order */
export const judgeVisit = (visit: Visit, record: DecisionRecord, calls: readonly ScriptedCall[]): string[] => {
  if (visit.ended === 'broken') return ['the response failed instead of ending'];
  if (visit.status === undefined) return [];
  const { headers, request } = visit;
  const problems: string[] = [];
  if (visit.ended === 'left' && !headers.get('content-type')?.includes('event-stream')) return [];
  const understood = understand(visit);
  if (typeof understood === 'string') return isUntouchedNonsense(record, calls) ? [] : [understood];
  if (visit.ended === 'complete' && understood.end === 'open')
    problems.push('the stream stops with neither end nor error');
  if (!request.sound && understood.end !== 'error') problems.push('a request that is none was served');
  const isServed = record.outcome === 'finished';
  if (visit.ended === 'complete' && isServed !== (understood.end === 'whole') && record.outcome !== 'cancelled')
    problems.push(`the caller saw ${understood.end}, the record says ${record.outcome}`);
  if (visit.ended === 'complete' && record.status !== visit.status)
    problems.push(`the caller saw status ${visit.status}, the record says ${record.status}`);
  const tier = headers.get('x-anvil-tier');
  const carriedOn = record.attempts.some(({ role }) => role === 'resume');
  if (tier !== null && record.servedTier !== undefined && tier !== record.servedTier && !carriedOn)
    problems.push(`the receipt names ${tier}, the record ${record.servedTier}`);
  return [...problems, ...judgeOrigin(understood, record, calls)];
};
