/** What does a demo tier say? Deterministic answers made of the prompt's own words: sentences, code, JSON, tool calls. */
import { jsonValueFor } from '#ops/demo/json-value';
import type { DemoRequest, DemoTool } from '#ops/demo/request';

/** One answer before it is put on the wire. */
export interface DemoAnswer {
  readonly text: string;
  readonly call?: { readonly name: string; readonly arguments: string };
}

const SUBJECT_WORDS_MAX = 9;
const SUBJECT_CHARS_MAX = 80;
/** Characters of a prompt that are looked at. */
const PROMPT_CHARS_MAX = 4_000;

/** The words a person typed, shortened: no forcing words, no quotes, no line breaks. */
export const subjectOf = (prompt: string): string => {
  const words = prompt
    .slice(0, PROMPT_CHARS_MAX)
    .replace(/\bdemo:[a-z-]+/g, ' ')
    .replace(/["'`<>]/g, '')
    .split(/\s+/)
    .filter(Boolean);
  const short = words
    .slice(0, SUBJECT_WORDS_MAX)
    .join(' ')
    .slice(0, SUBJECT_CHARS_MAX)
    .replace(/[.,:;!?]+$/, '');
  return short === '' ? 'this request' : short;
};

const wantsCode = (prompt: string): boolean =>
  /\b(code|function|implement|script|snippet|typescript|javascript|program|refactor)\b/i.test(prompt);

const functionName = (subject: string): string => {
  const words = subject.match(/[A-Za-z]{3,}/g)?.slice(-2) ?? [];
  const name = words.map((word, index) => {
    const lower = word.toLowerCase();
    return index === 0 ? lower : lower.charAt(0).toUpperCase() + lower.slice(1);
  });
  // A suffix keeps it from ever being a reserved word.
  return `${name.join('') || 'answer'}Demo`;
};

/** A complete answer with a code block whose fence is closed. */
export const codeAnswer = (subject: string): string => {
  const name = functionName(subject);
  return [
    `Here is a small start for "${subject}":`,
    '',
    '```ts',
    `export const ${name} = (items: readonly string[]): string => {`,
    "  if (items.length === 0) return 'nothing to do';",
    "  return items.map((item, index) => [index + 1, item].join('. ')).join('\\n');",
    '};',
    '```',
    '',
    `Call \`${name}\` with a list; it numbers the items and joins them with line breaks.`,
  ].join('\n');
};

const proseAnswer = (subject: string): string =>
  [
    `You asked: "${subject}".`,
    'This answer comes from demo-heavy, a scripted tier behind a real socket, so it knows no facts,',
    'but it is complete: it has an ending, a finish reason and a usage report.',
    'That is what the router checked before any of it reached you.',
  ].join(' ');

/** Tools whose name says that they may change something are never called on a demo's own initiative. */
const CHANGES_THINGS =
  /write|edit|delete|remove|create|apply|patch|exec|bash|shell|run|command|kill|move|rename|push|commit|send|post|update|set|put|install|task|agent/i;

const wordsOf = (text: string): ReadonlySet<string> =>
  new Set(
    text
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .split(/[^a-z]+/)
      .filter((word) => word.length > 2),
  );

const fit = (tool: DemoTool, prompt: ReadonlySet<string>): number =>
  [...wordsOf(tool.name)].filter((word) => prompt.has(word)).length;

/** The tool a sensible model would call now; undefined when it would just answer. */
export const toolToCall = (request: DemoRequest): DemoTool | undefined => {
  const { tools, toolChoice } = request;
  if (toolChoice === 'none' || request.toolResult !== undefined) return undefined;
  if (typeof toolChoice === 'object') return tools.find((tool) => tool.name === toolChoice.name);
  const prompt = request.prompt.slice(0, PROMPT_CHARS_MAX);
  const words = wordsOf(prompt);
  const safe = tools.filter((tool) => !CHANGES_THINGS.test(tool.name));
  const best = safe.toSorted((a, b) => fit(b, words) - fit(a, words))[0];
  if (toolChoice === 'required') return best ?? tools[0];
  if (best === undefined) return undefined;
  return fit(best, words) > 0 || /\btools?\b/i.test(prompt) ? best : undefined;
};

/** A call with arguments that fit the tool's schema. */
export const callOf = (tool: DemoTool, request: DemoRequest): { name: string; arguments: string } => {
  const prompt = request.prompt.slice(0, PROMPT_CHARS_MAX);
  const value = jsonValueFor({ type: 'object', ...tool.parameters }, prompt, subjectOf(prompt));
  return { name: tool.name, arguments: JSON.stringify(value) };
};

/** The good answer to a request: a tool call, JSON, code or prose, whichever was asked for. */
export const goodAnswer = (request: DemoRequest): DemoAnswer => {
  const subject = subjectOf(request.prompt);
  const tool = toolToCall(request);
  if (tool !== undefined) return { text: '', call: callOf(tool, request) };
  if (request.jsonSchema !== undefined) {
    const schema = request.jsonSchema;
    const value =
      Object.keys(schema).length === 0 ? { answer: subject } : jsonValueFor(schema, request.prompt, subject);
    return { text: JSON.stringify(value) };
  }
  if (request.toolResult !== undefined) {
    return { text: `The tool answered: "${subjectOf(request.toolResult)}". That settles "${subject}".` };
  }
  return { text: wantsCode(request.prompt) ? codeAnswer(subject) : proseAnswer(subject) };
};

/** What the fast tier says when it does not fail: shorter, but complete. */
export const shortAnswer = (request: DemoRequest): DemoAnswer => {
  const plain = request.jsonSchema === undefined && request.toolResult === undefined && !wantsCode(request.prompt);
  if (!plain || toolToCall(request) !== undefined) return goodAnswer(request);
  return { text: `demo-fast here, and for once complete: you asked "${subjectOf(request.prompt)}". All done.` };
};
