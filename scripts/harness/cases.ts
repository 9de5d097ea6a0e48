/** How is one case run: from an empty HOME to the verdict, with the traces of a bad one kept? */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DecisionRecord } from '#core/decision';
import { type ChildEnd, type ChildOptions, runChild } from '#scripts/harness/child';
import { type Client, type Dialect, KEY, KEY_ENV } from '#scripts/harness/client';
import {
  CIRCUMSTANCES,
  type Circumstances,
  FAILURE_MS_MAX,
  isFailureName,
  promptOfFailure,
} from '#scripts/harness/failures';
import { EDITED_FILE, fileWith } from '#scripts/harness/file';
import { alone } from '#scripts/harness/inside';
import type { Installed } from '#scripts/harness/install';
import { complaintsOf } from '#scripts/harness/judge';
import { pngBytes } from '#scripts/harness/picture';
import { applyRecipe, hasRecipe } from '#scripts/harness/recipe';
import { isRepairName, PROMPT_OF_EDIT, promptOfRepair, REPAIR_CIRCUMSTANCES } from '#scripts/harness/repairs';
import { type CaseName, scriptOf, type TURNS } from '#scripts/harness/scripts';
import { IMAGE_FILE, PROOF_FILE } from '#scripts/harness/speech';
import { isWaitName, PROMPT_OF_WAIT, WAIT_CIRCUMSTANCES } from '#scripts/harness/waits';
import { startWorld, type World } from '#scripts/harness/world';

const CASE_MS_MAX = 90_000;
/** How long a client is watched when nothing is left; one that waits as it was told may well be waiting then. */
export const EXHAUSTION_MS_MAX = 40_000;

export interface Result {
  readonly client: string;
  readonly version: string;
  readonly caller: Dialect;
  readonly tier: Dialect;
  readonly case: CaseName;
  readonly ok: boolean;
  /** Whether the client came to an end by itself. */
  readonly ended: boolean;
  /** Why it failed; empty where it did not. */
  readonly note: string;
  /** Requests that the client made of generation routes. */
  readonly requests: number;
  readonly ms: number;
}

export interface CaseOptions {
  readonly client: Client;
  readonly installed: Extract<Installed, { readonly ok: true }>;
  readonly caller: Dialect;
  readonly tier: Dialect;
  readonly name: CaseName;
  readonly router: string;
  /** Where the traces of failed cases are kept. */
  readonly evidence: string;
  readonly keepAll: boolean;
}

const PROMPTS: Readonly<Record<(typeof TURNS)[number], string>> = {
  answer: 'Say hello to the harness, in one sentence.',
  tool: 'Run the command that prints the proof, then tell me what it printed.',
  image: `Look at the picture ${IMAGE_FILE} in this folder and say what it shows.`,
  session: PROMPT_OF_EDIT,
  escalation: 'Run the command that prints the proof, then tell me what it printed.',
  exhaustion: 'Say hello to the harness, in one sentence.',
};

const promptOf = (name: CaseName): string => {
  if (isFailureName(name)) return promptOfFailure(name);
  if (isWaitName(name)) return PROMPT_OF_WAIT;
  return isRepairName(name) ? promptOfRepair(name) : PROMPTS[name];
};

const circumstancesOf = (name: CaseName): Circumstances => {
  if (isFailureName(name)) return CIRCUMSTANCES[name];
  if (isWaitName(name)) return WAIT_CIRCUMSTANCES[name];
  return isRepairName(name) ? REPAIR_CIRCUMSTANCES[name] : {};
};

/** Failures are watched from the first request on: some clients take ten seconds to get there. */
const limitsOf = (name: CaseName, asked: Promise<void>): Pick<ChildOptions, 'limitMs' | 'after'> => ({
  limitMs: name === 'exhaustion' ? EXHAUSTION_MS_MAX : CASE_MS_MAX,
  ...(isFailureName(name) ? { after: { event: asked, limitMs: FAILURE_MS_MAX } } : {}),
});

/** Nothing of this machine but programs; telemetry off wherever a common switch exists. */
const environment = (home: string, path: readonly string[]): Record<string, string> => ({
  PATH: [...path, '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
  HOME: home,
  TMPDIR: join(home, 'tmp'),
  XDG_CONFIG_HOME: join(home, '.config'),
  XDG_DATA_HOME: join(home, '.local/share'),
  XDG_STATE_HOME: join(home, '.local/state'),
  XDG_CACHE_HOME: join(home, '.cache'),
  SHELL: '/bin/bash',
  LANG: 'C.UTF-8',
  TERM: 'dumb',
  NO_COLOR: '1',
  DO_NOT_TRACK: '1',
  [KEY_ENV]: KEY,
});

interface Ran {
  readonly end: ChildEnd;
  readonly world: World;
  readonly decisions: readonly DecisionRecord[];
}

const writeEvidence = async (folder: string, { end, world, decisions }: Ran): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  const seen = [...world.fast.requests, ...world.heavy.requests].map(({ path, headers, json }) => ({
    path,
    headers,
    json,
  }));
  const wire = world.tap
    .exchanges()
    .map(
      ({ sent, received }, index) =>
        `=== connection ${index}: client\n${sent}\n=== connection ${index}: router\n${received}\n`,
    );
  const texts: Readonly<Record<string, string>> = {
    'client.out': end.out,
    'client.err': end.err,
    'router.log': world.log(),
    'wire.txt': wire.join('\n'),
    'tiers.json': JSON.stringify(seen, null, 1),
    'decisions.json': JSON.stringify(decisions, null, 1),
  };
  await Promise.all(Object.entries(texts).map(([name, text]) => Bun.write(join(folder, name), text)));
};

const readIfThere = async (path: string): Promise<string | undefined> => {
  const file = Bun.file(path);
  return (await file.exists()) ? file.text() : undefined;
};

const launchIn = async (root: string, world: World, options: CaseOptions): Promise<ChildEnd> => {
  const { client, caller, name, installed } = options;
  const home = join(root, 'home');
  const work = join(root, 'work');
  await mkdir(join(home, 'tmp'), { recursive: true });
  await Bun.write(join(work, IMAGE_FILE), pngBytes());
  const image = name === 'image' && client.image === 'prompt' ? { image: join(work, IMAGE_FILE) } : {};
  await Bun.write(join(work, EDITED_FILE), fileWith({}));
  const file = name === 'bad-edit' && client.edits === 'search-blocks' ? { file: EDITED_FILE } : {};
  const configured = hasRecipe(client, caller);
  const { program } = installed;
  const setup = { url: world.tap.url, dialect: caller, home, work, program, prompt: promptOf(name), configured };
  const launch = client.launch({ ...setup, ...image, ...file });
  for (const [path, text] of Object.entries(launch.files ?? {})) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await Bun.write(join(home, path), text);
  }
  if (configured) await applyRecipe(client, setup);
  return runChild({
    command: alone(launch.command),
    cwd: work,
    env: { ...environment(home, installed.path), ...launch.env },
    ...limitsOf(name, world.tap.asked),
  });
};

/** Runs one case from an empty HOME to the verdict. */
export const runCase = async (options: CaseOptions): Promise<Result> => {
  const { client, caller, tier, name, router, evidence, keepAll } = options;
  const root = await mkdtemp(join(tmpdir(), 'anvil-harness-'));
  try {
    const script = scriptOf(name, client, tier, join(root, 'work'));
    await using world = await startWorld({
      dialect: tier,
      script,
      circumstances: circumstancesOf(name),
      folder: root,
      router,
    });
    const end = await launchIn(root, world, options);
    const proofFile = await readIfThere(join(root, 'work', PROOF_FILE));
    const editedFile = await readIfThere(join(root, 'work', EDITED_FILE));
    const ran: Ran = { end, world, decisions: await world.decisions() };
    const seen = { ...end, decisions: ran.decisions, proofFile, editedFile, requests: world.tap.requests };
    const complaints = complaintsOf(name, seen, client);
    if (complaints.length > 0 || keepAll) {
      await writeEvidence(join(evidence, `${client.name}-${caller}-${tier}-${name}`), ran);
    }
    return {
      client: client.name,
      version: client.version,
      caller,
      tier,
      case: name,
      ok: complaints.length === 0,
      ended: !end.timedOut,
      note: complaints.join('; '),
      requests: world.tap.requests,
      ms: Math.round(end.ms),
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};
