/** Does the Anthropic SDK's own tool runner work against the router, streaming, with its threads? */
import Anthropic from '@anthropic-ai/sdk';
import { image, KEY, MODEL, prompt, runCommand, say, TOOL, TURNS_MAX, url } from './sdk-tool.mjs';

const client = new Anthropic({ baseURL: url, apiKey: KEY });
const source = { type: 'base64', media_type: 'image/png', data: image };
const content =
  image === undefined
    ? prompt
    : [
        { type: 'text', text: prompt },
        { type: 'image', source },
      ];
const { name, description, parameters } = TOOL;

const runner = client.beta.messages.toolRunner({
  model: MODEL,
  max_tokens: 1024,
  max_iterations: TURNS_MAX,
  stream: true,
  messages: [{ role: 'user', content }],
  tools: [{ type: 'custom', name, description, input_schema: parameters, run: runCommand, parse: (input) => input }],
});
for await (const stream of runner) {
  const message = await stream.finalMessage();
  for (const block of message.content) if (block.type === 'text') say(block.text);
}
const whole = await client.messages.create({
  model: MODEL,
  max_tokens: 1024,
  messages: [{ role: 'user', content: 'One whole reply, please.' }],
});
if (whole.content.length === 0) throw new Error('the whole reply is empty');
