/** A whole router without sockets: callers call its fetch handler, tiers are scripted, and time stands still until told. */
import type { DecisionRecord } from '#core/decision';
import type { SlotSource } from '#core/residency';
import type { Effects } from '#platform/effects';
import type { Log } from '#platform/log';
import { type Assembly, assemble } from '#server/assembly';
import { configure } from '#server/configuration';
import { createScriptedHosts, type HostCall, type HostScript } from '#tests/simulation/scripted-hosts';
import { createSimulatedClock, type SimulatedClock } from '#tests/support/clock';
import { type SimulatedWorld, simulatedEffects } from '#tests/support/effects';

export interface HouseOptions extends Pick<SimulatedWorld, 'env' | 'files' | 'reach'> {
  readonly toml: string;
  readonly clock?: SimulatedClock;
  /** What a tier does with a call; tiers live at `http://<name>.<anything>`. */
  readonly scriptFor: (call: HostCall) => HostScript;
  /** Lends models that share a GPU. */
  readonly slots?: (clock: SimulatedClock) => SlotSource;
  /** Exchanges parts of the world, to make its calls fail. */
  readonly disturb?: (effects: Effects) => Effects;
}

export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Posted {
  readonly decision: string;
  readonly response: Promise<Response>;
}

export interface House {
  readonly clock: SimulatedClock;
  readonly assembly: Assembly;
  /** Every record, in the order in which requests ended. */
  readonly records: readonly DecisionRecord[];
  /** Bugs of ours that were reported. */
  readonly bugs: readonly string[];
  readonly calls: readonly HostCall[];
  /** What the disk of this world holds. */
  readonly files: Map<string, string>;
  post(path: string, body: string, options?: PostOptions): Posted;
  /** Resolves when the decision is on record. */
  recorded(decision: string): Promise<DecisionRecord>;
  pause(ms: number): Promise<void>;
  /** Puts another configuration in force. Rejects with the reason when it is refused. */
  reload(toml: string): Promise<void>;
}

/** There is no connection whose silence could be limited. */
const NO_IDLE_LIMIT = { lift: () => undefined, restore: () => undefined };

const recordingLog = (onRecord: (record: DecisionRecord) => void, onBug: (bug: string) => void): Log => ({
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (message, fields) => {
    if (message === 'bug') onBug(JSON.stringify(fields));
  },
  request: onRecord,
  flush: () => undefined,
  setSecrets: () => undefined,
});

/** Records as they come, and who waits for one of them. */
const createLedger = () => {
  const records: DecisionRecord[] = [];
  const awaited = new Map<string, PromiseWithResolvers<DecisionRecord>>();
  const noticeOf = (id: string): PromiseWithResolvers<DecisionRecord> => {
    const notice = awaited.get(id) ?? Promise.withResolvers<DecisionRecord>();
    awaited.set(id, notice);
    return notice;
  };
  return {
    records,
    add(record: DecisionRecord): void {
      records.push(record);
      noticeOf(record.id).resolve(record);
    },
    wait: (id: string): Promise<DecisionRecord> => noticeOf(id).promise,
  };
};

/** Rejects when the configuration is refused. */
export const openHouse = async (options: HouseOptions): Promise<House> => {
  const clock = options.clock ?? createSimulatedClock();
  const hosts = createScriptedHosts(clock, options.scriptFor);
  const { env = {}, files = {}, reach } = options;
  const calm = simulatedEffects({ clock, env, files, fetch: hosts.fetch, ...(reach ? { reach } : {}) });
  let newestId = '';
  const counted: Effects = {
    ...calm,
    id: () => {
      newestId = calm.id();
      return newestId;
    },
  };
  const effects = options.disturb?.(counted) ?? counted;
  const configureWith = async (text: string, before?: Assembly) => {
    const configured = await configure({ kind: 'text', text }, effects, before?.router.generation);
    if (!configured.ok) throw new Error(`${configured.reason}\n${text}`);
    return configured;
  };
  const bugs: string[] = [];
  const ledger = createLedger();
  const log = recordingLog(ledger.add, (bug) => bugs.push(bug));
  const lent = options.slots?.(clock);
  const assembly = assemble(
    await configureWith(options.toml),
    effects,
    log,
    lent && { source: lent, metrics: async () => '' },
  );
  const app = assembly.app(NO_IDLE_LIMIT);
  return {
    clock,
    assembly,
    records: ledger.records,
    bugs,
    calls: hosts.calls,
    files: calm.files.contents,
    post(path, body, { headers = {}, signal } = {}) {
      const request = new Request(`http://localhost${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        ...(signal ? { signal } : {}),
      });
      // A decision is named before anything is awaited, so the newest id is this request's own.
      const response = Promise.resolve(app.fetch(request));
      return { decision: `dec_${newestId}`, response };
    },
    recorded: ledger.wait,
    pause: (ms) => new Promise((resolve) => clock.setTimeout(resolve, ms)),
    async reload(toml) {
      assembly.replace(await configureWith(toml, assembly));
    },
  };
};
