/** Where does `harness env` learn presets and limits: from a configuration that is named, or from the running router? */

import type { Io } from '#cli/io';
import { CliError, EXIT, printable } from '#cli/output';
import { ask } from '#cli/router-client';
import { formatProblems } from '#config/problem';
import { messageOf } from '#core/thrown';
import {
  factsOfModels,
  factsOfSettings,
  type HarnessFacts,
  KEY_ENV_OTHERWISE,
  type ListedModel,
} from '#ops/harness-env/facts';
import { loadConfigFile, resolveConfigSource } from '#ops/load-config';

export interface FactsFlags {
  readonly url: string;
  readonly config: string | undefined;
  readonly mode: string | undefined;
  readonly 'key-env': string | undefined;
}

const TIMEOUT_MS = 5_000;
/** Shown of an answer that is no good. */
const REPLY_CHARS_SHOWN = 200;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

const isListed = (entry: unknown): entry is ListedModel => {
  const { id, display_name, context_window } = (entry ?? {}) as Partial<Record<keyof ListedModel, unknown>>;
  return typeof id === 'string' && typeof display_name === 'string' && typeof context_window === 'number';
};

/** @throws CliError when neither can be read, with the remedy */
export const harnessFacts = async (flags: FactsFlags, io: Io): Promise<HarnessFacts> => {
  const keyEnv = flags['key-env'];
  if (keyEnv !== undefined && !VARIABLE_NAME.test(keyEnv)) {
    throw new CliError('--key-env wants the name of a variable, such as ANVIL_KEY, not a key', EXIT.usage);
  }
  const { effects } = io;
  const source = await resolveConfigSource(flags, effects.env, effects.files);
  if (source.kind === 'problem') throw new CliError(formatProblems([source.problem]), EXIT.usage);
  if (source.kind === 'none') return factsOfRouter(flags, io);
  const loaded = await loadConfigFile(source.path, source.mode, effects);
  if (!loaded.ok) throw new CliError(formatProblems(loaded.problems), EXIT.usage);
  return orUsage(() => factsOfSettings(loaded.settings, { url: flags.url, keyEnv }));
};

const factsOfRouter = async (flags: FactsFlags, io: Io): Promise<HarnessFacts> => {
  const keyEnv = flags['key-env'] ?? KEY_ENV_OTHERWISE;
  const { status, text } = await ask(
    { url: flags.url, path: '/v1/models', timeoutMs: TIMEOUT_MS, tokenEnv: keyEnv },
    io,
  );
  if (status === 401) {
    throw new CliError(`the router wants an access token — set ${keyEnv}, or name another with --key-env`, EXIT.failed);
  }
  const models = status === 200 ? modelsIn(text) : undefined;
  if (models === undefined) {
    const shown = printable(text.slice(0, REPLY_CHARS_SHOWN));
    throw new CliError(`${flags.url} answered ${status}: ${shown} — is that an anvil-serving router?`, EXIT.failed);
  }
  return orUsage(() =>
    factsOfModels(models, { url: flags.url, keyEnv, keyChecked: io.effects.env(keyEnv) !== undefined }),
  );
};

const modelsIn = (text: string): readonly ListedModel[] | undefined => {
  try {
    const { data } = JSON.parse(text) as { readonly data?: unknown };
    return Array.isArray(data) && data.every(isListed) ? data : undefined;
  } catch {
    return undefined;
  }
};

const orUsage = (facts: () => HarnessFacts): HarnessFacts => {
  try {
    return facts();
  } catch (error) {
    throw new CliError(messageOf(error), EXIT.usage);
  }
};
