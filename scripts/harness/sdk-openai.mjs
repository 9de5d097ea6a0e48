/** Do the OpenAI SDK's tool runner (Chat) and its response streams (Responses) work against the router? */
import OpenAI from 'openai';
import { dialect, image, KEY, MODEL, prompt, runCommand, say, TOOL, TURNS_MAX, url } from './sdk-tool.mjs';

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: KEY });
const { name, description, parameters } = TOOL;
const dataUrl = `data:image/png;base64,${image}`;

const throughChat = async () => {
  const content =
    image === undefined
      ? prompt
      : [
          { type: 'text', text: prompt },
          { type: 'image_url', image_url: { url: dataUrl } },
        ];
  const runner = client.chat.completions.runTools(
    {
      model: MODEL,
      stream: true,
      messages: [{ role: 'user', content }],
      tools: [
        { type: 'function', function: { name, description, parameters, parse: JSON.parse, function: runCommand } },
      ],
    },
    { maxChatCompletions: TURNS_MAX },
  );
  say(await runner.finalContent());
  const whole = await client.chat.completions.create({
    model: MODEL,
    messages: [{ role: 'user', content: 'One whole reply, please.' }],
  });
  if (!whole.choices[0]?.message.content) throw new Error('the whole reply is empty');
};

const throughResponses = async () => {
  const content =
    image === undefined
      ? [{ type: 'input_text', text: prompt }]
      : [
          { type: 'input_text', text: prompt },
          { type: 'input_image', image_url: dataUrl, detail: 'auto' },
        ];
  const input = [{ role: 'user', content }];
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const response = await client.responses
      .stream({ model: MODEL, input, store: false, tools: [{ type: 'function', name, description, parameters }] })
      .finalResponse();
    const calls = response.output.filter((item) => item.type === 'function_call');
    if (calls.length === 0) {
      say(response.output_text);
      break;
    }
    input.push(...response.output);
    for (const call of calls) {
      const output = await runCommand(JSON.parse(call.arguments));
      input.push({ type: 'function_call_output', call_id: call.call_id, output });
    }
  }
  const whole = await client.responses.create({ model: MODEL, input: 'One whole reply, please.', store: false });
  if (!whole.output_text) throw new Error('the whole reply is empty');
};

await (dialect === 'responses' ? throughResponses() : throughChat());
