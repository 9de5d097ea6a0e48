/** The multiplexer's front door for tests: real sockets in front, scripted servers behind, leases counted in between. */

import type { SlotLease, SlotRefusal, SlotWish } from '#core/slot-lease';
import type { SlotStatus, SlotsStatus } from '#core/slots-status';
import { createMultiplexerMetrics } from '#multiplexer/metrics';
import type { Multiplexer } from '#multiplexer/multiplexer';
import { bunEffects } from '#platform/bun-effects';
import type { Effects } from '#platform/effects';
import { createGuard } from '#server/guard';
import { type Listening, listen } from '#server/listen';
import { createMultiplexerApp } from '#server/multiplexer/app';
import { createSessions, FRONT_LIMITS, type Front, type FrontLimits } from '#server/multiplexer/front';
import { createSlotFeed } from '#server/multiplexer/slot-feed';
import { createVisits } from '#server/multiplexer/visit';
import { type FakeTier, startFakeTier } from '#tests/support/fake-tier';
import { type Post, postTo } from '#tests/support/post';

export interface Asked {
  readonly model: string;
  readonly wish: SlotWish;
  /** Gives the lease, or refuses it. */
  answer(refusal?: SlotRefusal): void;
  /** As a drain that lasted too long does. */
  cut(): void;
}

/** A multiplexer that grants at once, or when it is told to. */
export interface FakeMultiplexer extends Multiplexer {
  /** From now on leases wait for `answer`. */
  holdBack(): void;
  /** From now on every request is refused so. */
  refuse(refusal: SlotRefusal): void;
  readonly asked: readonly Asked[];
  /** Leases out now. */
  readonly out: number;
  readonly released: number;
  readonly changes: string[];
  set(status: Partial<SlotsStatus>): void;
  slot(model: string, fields: Partial<SlotStatus>): void;
  readonly listeners: number;
}

export const slotStatus = (model: string, fields: Partial<SlotStatus> = {}): SlotStatus => ({
  model,
  state: 'empty',
  gpus: ['0'],
  state_ms: 0,
  leases: 0,
  waiting: 0,
  oldest_wait_ms: 0,
  ready_in_ms: 20_000,
  needs: 'load',
  load_ms: 20_000,
  wake_ms: 2_000,
  vram_mib: 8_192,
  pinned: false,
  loads: 0,
  crashes: 0,
  ...fields,
});

const emptyStatus = (models: readonly string[]): SlotsStatus => ({
  object: 'slots',
  at: 0,
  state: 'serving',
  gpus: [{ id: '0', vram_mib: 24_576, taken_mib: 0 }],
  slots: models.map((model) => slotStatus(model)),
  queue: [],
  waiting: 0,
  swaps: { total: 0, by_reason: {}, cut: 0, last: [] },
});

interface Held extends Asked {
  readonly settle: (given: SlotLease | SlotRefusal) => void;
}

const fakeMultiplexer = (origins: Readonly<Record<string, string>>): FakeMultiplexer => {
  const models = Object.keys(origins);
  const asked: Held[] = [];
  const listeners = new Set<() => void>();
  const changes: string[] = [];
  let status = emptyStatus(models);
  let held = false;
  let refusal: SlotRefusal | undefined;
  let out = 0;
  let released = 0;
  const change = (): void => {
    for (const listener of listeners) listener();
  };
  const leaseOf = (model: string, cut: AbortController): SlotLease => {
    let mine = true;
    out++;
    return {
      model,
      origin: origins[model] ?? '',
      waitedMs: 12.4,
      needed: 'swap',
      cut: cut.signal,
      release() {
        if (!mine) return;
        mine = false;
        out--;
        released++;
      },
    };
  };
  return {
    models,
    asked,
    changes,
    start: async () => undefined,
    acquire(model, wish) {
      const { promise, resolve } = Promise.withResolvers<SlotLease | SlotRefusal>();
      const cutting = new AbortController();
      const one: Held = {
        model,
        wish,
        settle: resolve,
        answer: (why) => resolve(why ?? leaseOf(model, cutting)),
        cut: () => cutting.abort(new Error('drained too long')),
      };
      asked.push(one);
      wish.signal.addEventListener('abort', () => resolve({ refused: 'aborted', message: 'gone' }), { once: true });
      if (refusal) one.answer(refusal);
      else if (!held) one.answer();
      return promise;
    },
    estimate: () => undefined,
    status: () => status,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async load(model) {
      changes.push(`load ${model}`);
      return refusal;
    },
    async unload(model) {
      changes.push(`unload ${model}`);
      return refusal;
    },
    stop: async () => undefined,
    holdBack() {
      held = true;
    },
    refuse(why) {
      refusal = why;
    },
    get out() {
      return out;
    },
    get released() {
      return released;
    },
    get listeners() {
      return listeners.size;
    },
    set(fields) {
      status = { ...status, ...fields };
      change();
    },
    slot(model, fields) {
      const slots = status.slots.map((slot) => (slot.model === model ? { ...slot, ...fields } : slot));
      status = { ...status, slots };
      change();
    },
  };
};

export interface House extends AsyncDisposable {
  readonly url: string;
  readonly multiplexer: FakeMultiplexer;
  readonly front: Front;
  /** The server behind model `alpha`, and that of `org/beta`. */
  readonly alpha: FakeTier;
  readonly beta: FakeTier;
  readonly listening: Listening;
  /** Bugs of ours that were reported. */
  readonly bugs: readonly string[];
  readonly post: Post;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
}

export interface HouseOptions {
  readonly limits?: Partial<FrontLimits>;
  readonly effects?: Partial<Effects>;
  readonly token?: string;
}

/** `await using house = await startHouse()` */
export const startHouse = async ({ limits, effects: replaced, token }: HouseOptions = {}): Promise<House> => {
  const [alpha, beta] = await Promise.all([startFakeTier(), startFakeTier()]);
  const effects = { ...bunEffects(), ...replaced };
  const bugs: string[] = [];
  const multiplexer = fakeMultiplexer({ alpha: alpha.url, 'org/beta': beta.url });
  const metrics = createMultiplexerMetrics(() => multiplexer.status());
  const all: FrontLimits = { ...FRONT_LIMITS, ...limits };
  const front: Front = {
    multiplexer,
    effects,
    sessions: createSessions(effects.openSession),
    guard: createGuard(token === undefined ? [] : [{ name: 'test', secret: token }]),
    limits: all,
    visits: createVisits(all.visitsMax),
    feed: createSlotFeed(multiplexer, effects.clock, all),
    metrics,
    onBug: (where, error) => bugs.push(`${where}: ${String(error)}`),
  };
  const listening = listen({ host: '127.0.0.1', port: 0 }, (idle) => createMultiplexerApp(front, idle));
  return {
    url: listening.url,
    multiplexer,
    front,
    alpha,
    beta,
    listening,
    bugs,
    post: postTo(listening.url),
    get: (path, headers = {}) => fetch(listening.url + path, { headers }),
    async [Symbol.asyncDispose]() {
      front.feed.close();
      await listening.stop(true);
      front.sessions.close();
      await Promise.all([alpha.stop(), beta.stop()]);
    },
  };
};

/** A request that the scripted servers take. */
export const chatTo = (model: string, fields: Record<string, unknown> = {}) => ({
  model,
  messages: [{ role: 'user', content: 'Say hello.' }],
  ...fields,
});
