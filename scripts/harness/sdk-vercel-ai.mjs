/** Does the Vercel AI SDK stream text and run tools against the router, through each of its three providers? */
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { isStepCount, jsonSchema, streamText, tool } from 'ai';
import { dialect, image, KEY, MODEL, prompt, runCommand, say, TOOL, TURNS_MAX, url } from './sdk-tool.mjs';

const options = { baseURL: `${url}/v1`, apiKey: KEY };
const MODELS = {
  chat: () => createOpenAICompatible({ ...options, name: 'anvil', includeUsage: true })(MODEL),
  messages: () => createAnthropic(options)(MODEL),
  responses: () => createOpenAI(options).responses(MODEL),
};
const picture = { type: 'file', mediaType: 'image/png', data: image };
const content = [{ type: 'text', text: prompt }, ...(image === undefined ? [] : [picture])];

let failed;
const result = streamText({
  model: MODELS[dialect](),
  messages: [{ role: 'user', content }],
  stopWhen: isStepCount(TURNS_MAX),
  tools: {
    [TOOL.name]: tool({
      description: TOOL.description,
      inputSchema: jsonSchema(TOOL.parameters),
      execute: runCommand,
    }),
  },
  onError: ({ error }) => {
    failed = error;
  },
});
say(await result.text);
if (failed !== undefined) throw failed;
