/** Where does the configuration come from: a file, the demo, or what answers on this machine? */
import { formatProblems } from '#config/problem';
import { startDemoTiers } from '#ops/demo/start';
import { discoverEngines, report, toTierConfig } from '#ops/discover';
import { resolveConfigSource } from '#ops/load-config';
import type { Effects } from '#platform/effects';
import { listenOnLoopback } from '#platform/listen';
import type { ConfigOrigin } from '#server/configuration';

export interface OriginOptions {
  readonly config?: string | undefined;
  readonly mode?: string | undefined;
  readonly demo: boolean;
}

export type Origin =
  | {
      readonly ok: true;
      readonly origin: ConfigOrigin;
      /** What was found or started, for people. */
      readonly story: readonly string[];
      /** Ends what was started for this configuration. */
      readonly stop: () => Promise<void>;
    }
  | { readonly ok: false; readonly reason: string };

const NOTHING_FOUND = [
  'no configuration named, and no engine answers on this machine.',
  '  try it without one:   bun run serve --demo',
  '  or start an engine (Ollama, LM Studio, llama.cpp, vLLM, SGLang) and run this again',
  '  or write a file:      bun run serve --config my.toml   (configs/example.toml is a start)',
].join('\n');

const nothingToStop = async (): Promise<void> => undefined;

const demoOrigin = (effects: Effects): Origin => {
  const demo = startDemoTiers({ clock: effects.clock, id: effects.id, listen: listenOnLoopback });
  return {
    ok: true,
    origin: { kind: 'text', text: demo.config },
    story: [
      'demo: two scripted tiers are running behind real sockets',
      `  demo-fast  ${demo.fastUrl}  answers quickly and fails in every known way, in turn`,
      `  demo-heavy ${demo.heavyUrl}  answers well`,
    ],
    stop: demo.stop,
  };
};

const discoveredOrigin = async (effects: Effects): Promise<Origin> => {
  const session = effects.openSession();
  const found = await discoverEngines({ fetch: session.fetch, clock: effects.clock });
  session.close();
  const text = toTierConfig(found);
  if (text === undefined) return { ok: false, reason: [...report(found), NOTHING_FOUND].join('\n') };
  return { ok: true, origin: { kind: 'text', text }, story: report(found), stop: nothingToStop };
};

/** Finds the configuration: the demo if asked for, the file that flags or variables name, else what discovery finds. */
export const findOrigin = async (options: OriginOptions, effects: Effects): Promise<Origin> => {
  if (options.demo) return demoOrigin(effects);
  const source = await resolveConfigSource({ config: options.config, mode: options.mode }, effects.env, effects.files);
  if (source.kind === 'problem') return { ok: false, reason: formatProblems([source.problem]) };
  if (source.kind === 'none') return discoveredOrigin(effects);
  const origin: ConfigOrigin = { kind: 'file', path: source.path, mode: source.mode };
  return { ok: true, origin, story: [`configuration ${source.path} (named by ${source.from})`], stop: nothingToStop };
};
