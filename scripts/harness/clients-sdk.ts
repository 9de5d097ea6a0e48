/** How are the SDKs run against the router? Each by a small program that imports the installed package. */
import type { Client, Dialect } from '#scripts/harness/client';

/** The one tool that the programs offer; the shell's command is its whole input. */
const runCommand = (command: string) => ({ name: 'run_command', arguments: { command } });

const sdk = (
  name: string,
  packages: Readonly<Record<string, string>>,
  dialects: readonly Dialect[],
  driver: string,
): Client => ({
  name,
  packages,
  registry: 'npm',
  version: Object.values(packages)[0] ?? '',
  dialects,
  shell: runCommand,
  image: 'prompt',
  drivers: [driver, 'sdk-tool.mjs'],
  launch: ({ url, dialect, program, prompt, image }) => ({
    command: ['node', program(driver), url, dialect, prompt, ...(image === undefined ? [] : [image])],
  }),
});

export const sdkAnthropic = sdk('sdk-anthropic', { '@anthropic-ai/sdk': '1.11.0' }, ['messages'], 'sdk-anthropic.mjs');

export const sdkOpenai = sdk('sdk-openai', { openai: '7.55.0' }, ['chat', 'responses'], 'sdk-openai.mjs');

export const sdkVercel = sdk(
  'sdk-vercel-ai',
  {
    ai: '7.0.173',
    '@ai-sdk/openai-compatible': '3.0.92',
    '@ai-sdk/anthropic': '4.0.105',
    '@ai-sdk/openai': '4.0.118',
  },
  ['chat', 'messages', 'responses'],
  'sdk-vercel-ai.mjs',
);
