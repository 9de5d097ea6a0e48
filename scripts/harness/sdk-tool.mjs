/** What do the SDK programs share: their arguments, the one tool they offer, and the image of a prompt? */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

export const KEY = process.env.ANVIL_KEY ?? '';
export const MODEL = 'planning';
/** Turns of one run; a loop that needs more has run away. */
export const TURNS_MAX = 6;

const [, , url = '', dialect = '', prompt = '', imagePath] = process.argv;

export { dialect, prompt, url };

/** Base64 of the PNG that goes with the prompt; undefined without one. */
export const image = imagePath === undefined ? undefined : readFileSync(imagePath).toString('base64');

export const TOOL = {
  name: 'run_command',
  description: 'Runs a command line in the working directory and returns what it printed.',
  parameters: {
    type: 'object',
    properties: { command: { type: 'string', description: 'The command line' } },
    required: ['command'],
    additionalProperties: false,
  },
};

const execute = promisify(execFile);

/** Runs the command line; at most 10 seconds. */
export const runCommand = async ({ command }) => (await execute('bash', ['-c', command], { timeout: 10_000 })).stdout;

export const say = (text) => process.stdout.write(`${text}\n`);
