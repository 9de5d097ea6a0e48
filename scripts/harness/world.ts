/** What is one case run in: two scripted tiers, the real router as a process, and a tap in front of it. */
import { join } from 'node:path';
import type { DecisionRecord } from '#core/decision';
import { type ProfileDocument, writeProfileDocument } from '#core/profile-document';
import { killGroup, watchGroup } from '#scripts/harness/child';
import { CONTEXT_TOKENS, DIALECTS, type Dialect, KEY, KEY_ENV } from '#scripts/harness/client';
import type { Circumstances } from '#scripts/harness/failures';
import { GPU_GROUP, planGpu, REGISTRY_FILE, RESIDENT } from '#scripts/harness/gpu';
import { replyWith } from '#scripts/harness/scripts';
import type { Script } from '#scripts/harness/speech';
import { startTap, type Tap } from '#scripts/harness/tap';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';

const START_MS_MAX = 20_000;
/** Between two looks at the log. */
const LOOK_MS = 50;
const STOP_MS_MAX = 3_000;
/** More than any client sends in one case. */
const DECISIONS_MAX = 500;
export const ROUTER_MAIN = Bun.fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface World extends AsyncDisposable {
  readonly fast: FakeTier;
  readonly heavy: FakeTier;
  readonly tap: Tap;
  /** Newest last. */
  decisions(): Promise<readonly DecisionRecord[]>;
  /** Everything the router has logged. */
  log(): string;
}

export interface WorldOptions {
  readonly dialect: Dialect;
  readonly script: Script;
  readonly circumstances: Circumstances;
  /** For the configuration. */
  readonly folder: string;
  /** `main.ts` of a source tree, or a compiled binary. */
  readonly router: string;
}

const tierToml = (
  id: string,
  url: string,
  dialect: Dialect,
  { contextTokens = CONTEXT_TOKENS, privacy = 'local', tier = '', gpu }: Circumstances,
): string => `
[[router.tiers]]
id = "${id}"
base_url = "${url}/v1"
model = "scripted-${id}"
dialect = "${DIALECTS[dialect]}"
context_limit = ${contextTokens}
privacy = "${privacy}"
tool_support = true
auth_env = "HARNESS_TIER_KEY"
${gpu === undefined ? '' : `swap_group = "${GPU_GROUP}"\n`}${tier}`;

/** What nobody has measured is checked, except that plans and large changes are denied; here they are checked as well. */
const PROFILE: ProfileDocument = {
  mode: 'replay',
  evalMax: 25,
  rows: ['fast', 'heavy'].flatMap((tierId) =>
    (['planning', 'multi-file-refactor'] as const).map((workClass) => ({
      tierId,
      workClass,
      decision: 'allow-with-verify' as const,
      qualityScore: 0.6,
      sampleN: 1,
      lastMeasured: null,
      fingerprint: null,
      modelLabel: null,
      evalTotalAvg: null,
      evalMax: null,
      sourceEvals: [],
      reasoning: null,
    })),
  ),
};

const PRESETS = ['chat', 'quick-edit', 'review', 'planning', 'long-context'];

/** Every answer of these tiers is held and checked before a byte leaves, unless the circumstances say otherwise. */
const routerToml = (fastUrl: string, heavyUrl: string, dialect: Dialect, given: Circumstances): string => `[server]
auth_env = "${KEY_ENV}"

[router]
mapping_version = "harness.1"
profile_path = "profile.json"
${given.router ?? ''}${tierToml('fast', fastUrl, dialect, given)}${tierToml('heavy', heavyUrl, dialect, given)}
[router.presets]
${PRESETS.map((preset) => `${preset} = ["fast"${given.gpu === undefined ? ', "heavy"' : ''}]`).join('\n')}
${given.tables ?? ''}`;

const LISTENING = /"url":"(http:[^"]+)","msg":"listening"/;

interface Router {
  readonly url: string;
  log(): string;
  stop(): Promise<void>;
}

const startRouter = async (configPath: string, router: string): Promise<Router> => {
  const program = router.endsWith('.ts') ? [process.execPath, router] : [router];
  const child = Bun.spawn([...program, 'serve', '--config', configPath, '--port', '0', '--log-format', 'json'], {
    env: { PATH: process.env.PATH ?? '', [KEY_ENV]: KEY, HARNESS_TIER_KEY: 'tier-key' },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    detached: true,
  });
  watchGroup(child);
  const listening = Promise.withResolvers<string>();
  let log = '';
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) {
      log += decoder.decode(chunk, { stream: true });
      const [, url] = LISTENING.exec(log) ?? [];
      if (url !== undefined) listening.resolve(url);
    }
  };
  const reading = read();
  void child.exited.then((code) =>
    listening.reject(new Error(`the router ended with ${code} before it listened:\n${log}`)),
  );
  const timer = setTimeout(
    () => listening.reject(new Error(`the router does not listen after ${START_MS_MAX} ms:\n${log}`)),
    START_MS_MAX,
  );
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const late = setTimeout(() => killGroup(child.pid), STOP_MS_MAX);
    await child.exited;
    clearTimeout(late);
    await reading;
  };
  try {
    return { url: await listening.promise, log: () => log, stop };
  } catch (error) {
    killGroup(child.pid);
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

const untilLogged = async ({ log }: Router, pattern: RegExp): Promise<void> => {
  const due = performance.now() + START_MS_MAX;
  while (!pattern.test(log())) {
    if (performance.now() > due) throw new Error(`the router does not log ${pattern}:\n${log()}`);
    await Bun.sleep(LOOK_MS);
  }
};

const readDecisions = async (url: string): Promise<readonly DecisionRecord[]> => {
  const response = await fetch(`${url}/v1/decisions?limit=${DECISIONS_MAX}`, {
    headers: { authorization: `Bearer ${KEY}` },
  });
  if (!response.ok) throw new Error(`the router answered ${response.status} to /v1/decisions`);
  const { data } = (await response.json()) as { readonly data: readonly DecisionRecord[] };
  return data.toReversed();
};

/** `await using world = await startWorld(…)` */
export const startWorld = async ({ dialect, script, circumstances, folder, router }: WorldOptions): Promise<World> => {
  const fast = await startFakeTier();
  const heavy = await startFakeTier();
  fast.always(replyWith(dialect, 'fast', script.fast)).models(['scripted-fast']);
  heavy.always(replyWith(dialect, 'heavy', script.heavy)).models(['scripted-heavy']);
  const stopTiers = async (): Promise<void> => {
    await Promise.all([fast.stop(), heavy.stop()]);
  };
  try {
    const path = join(folder, 'anvil.toml');
    await Bun.write(join(folder, 'profile.json'), writeProfileDocument(PROFILE));
    const gpu = circumstances.gpu && (await planGpu(fast.url, heavy.url, circumstances.gpu.loadMs));
    if (gpu) await Bun.write(join(folder, REGISTRY_FILE), gpu.registry);
    const given = gpu ? { ...circumstances, tables: gpu.tables + (circumstances.tables ?? '') } : circumstances;
    await Bun.write(path, routerToml(gpu?.fastUrl ?? fast.url, gpu?.heavyUrl ?? heavy.url, dialect, given));
    const running = await startRouter(path, router);
    if (gpu) await untilLogged(running, RESIDENT);
    const tap = await startTap(new URL(running.url));
    return {
      fast,
      heavy,
      tap,
      decisions: () => readDecisions(running.url),
      log: running.log,
      async [Symbol.asyncDispose]() {
        await tap.stop();
        await running.stop();
        await stopTiers();
      },
    };
  } catch (error) {
    await stopTiers();
    throw error;
  }
};
