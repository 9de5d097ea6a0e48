/** Large request bodies as harnesses send them: a recorded turn, grown by tool calls and their results. */
import type { JsonObject } from '#core/message';
import { ROOT } from './children';

export const BODY_BYTES = 400_000;
/** Characters of one tool result, about a file of 150 lines. */
const RESULT_CHARS = 6_000;

const RECORDINGS = {
  'anthropic-messages': 'claude-code/2-main-tool-result.json',
  'openai-chat': 'openclaw/2-chat-tool-result.json',
  'openai-responses': 'codex/2-image-tool-result.json',
} as const;

/** Source text as a tool would return it: the program's own files, with their quotes, line breaks and escapes. */
const sourceText = async (): Promise<string> => {
  const files = ['src/router/request-run.ts', 'src/router/attempt.ts', 'src/upstream/sse.ts', 'src/core/policy.ts'];
  return (await Promise.all(files.map((file) => Bun.file(ROOT + file).text()))).join('\n');
};

const messagesTurn = (index: number, result: string): readonly JsonObject[] => [
  {
    role: 'assistant',
    content: [
      { type: 'text', text: `Looking at part ${index}.` },
      { type: 'tool_use', id: `toolu_bench${index}`, name: 'Read', input: { file_path: `/src/part-${index}.ts` } },
    ],
  },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: `toolu_bench${index}`, content: result }] },
];

const chatTurn = (index: number, result: string): readonly JsonObject[] => [
  {
    role: 'assistant',
    content: null,
    tool_calls: [
      {
        id: `call_bench${index}`,
        type: 'function',
        function: { name: 'read', arguments: JSON.stringify({ path: `/src/part-${index}.ts` }) },
      },
    ],
  },
  { role: 'tool', tool_call_id: `call_bench${index}`, content: result },
];

const responsesTurn = (index: number, result: string): readonly JsonObject[] => [
  {
    type: 'function_call',
    call_id: `call_bench${index}`,
    name: 'exec_command',
    arguments: JSON.stringify({ cmd: `cat part-${index}.ts` }),
  },
  { type: 'function_call_output', call_id: `call_bench${index}`, output: result },
];

const TURN_OF = {
  'anthropic-messages': messagesTurn,
  'openai-chat': chatTurn,
  'openai-responses': responsesTurn,
} as const;

/** A body of about 400 KB in a dialect, as JSON text. `model` is the preset `chat`. */
export const largeBody = async (dialect: keyof typeof RECORDINGS): Promise<string> => {
  const recording: { readonly body: JsonObject } = await Bun.file(
    `${ROOT}tests/fixtures/recordings/${RECORDINGS[dialect]}`,
  ).json();
  const { body } = recording;
  const list = dialect === 'openai-responses' ? 'input' : 'messages';
  const source = await sourceText();
  const added: JsonObject[] = [];
  let bytes = JSON.stringify(body).length;
  for (let index = 0; bytes < BODY_BYTES; index++) {
    const from = (index * 997) % (source.length - RESULT_CHARS);
    const result = source.slice(from, from + RESULT_CHARS);
    const turn = TURN_OF[dialect](index, result);
    bytes += JSON.stringify(turn).length;
    added.push(...turn);
  }
  return JSON.stringify({ ...body, model: 'chat', [list]: [...(body[list] as readonly JsonObject[]), ...added] });
};
