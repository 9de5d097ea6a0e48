/** What must hold at every moment of every run, checked apart from the scheduler's own arithmetic. */
import type { Schedule, SlotView, SwapCommand, SwapView } from '#core/swap';
import type { Outcome } from '#tests/core/swap-simulator';

const LOADED: ReadonlySet<string> = new Set(['loading', 'ready', 'draining', 'unloading']);

const isLoaded = ({ state, stuck, slept }: SlotView): boolean =>
  slept !== true && (LOADED.has(state) || stuck === true);

const isResting = ({ state, slept }: SlotView): boolean => state === 'asleep' || slept === true;

/** All slots as they are once the commands are performed: loads take their room at once. */
const performed = (view: SwapView, commands: readonly SwapCommand[]): readonly SlotView[] =>
  view.slots.map((slot) =>
    commands.some((command) => command.do === 'load' && command.model === slot.model.name)
      ? { ...slot, state: 'loading' as const }
      : slot,
  );

/** Broken laws of memory and of exclusive groups, in words. */
const crowding = (view: SwapView, slots: readonly SlotView[]): readonly string[] => {
  const broken: string[] = [];
  const loaded = slots.filter(isLoaded);
  for (const { id, vramMib } of view.gpus) {
    const here = loaded.filter(({ model }) => model.gpus.includes(id));
    const names = here.map(({ model }) => model.name).join(' and ');
    const resting = slots.filter((slot) => isResting(slot) && slot.model.gpus.includes(id));
    const restingMib = resting.reduce((sum, { model }) => sum + (model.asleepMib ?? 0), 0);
    const alone = vramMib === undefined || here.some(({ model }) => model.vramMib === undefined);
    if (alone && here.length > 1) broken.push(`${names} on ${id}, one of which needs it alone`);
    if (alone && here.length === 1 && restingMib > 0) broken.push(`${names} beside ${restingMib} MiB asleep on ${id}`);
    const taken = here.reduce((sum, { model }) => sum + (model.vramMib ?? 0), restingMib);
    if (vramMib !== undefined && taken > vramMib) broken.push(`${taken} of ${vramMib} MiB taken on ${id}: ${names}`);
  }
  for (const one of loaded) {
    for (const other of loaded) {
      const group =
        one === other ? undefined : one.model.exclusive.find((name) => other.model.exclusive.includes(name));
      if (group !== undefined) broken.push(`${one.model.name} and ${other.model.name} of ${group}`);
    }
  }
  return broken;
};

const orderBroken = (view: SwapView, commands: readonly SwapCommand[]): readonly string[] =>
  view.slots.flatMap(({ model }) => {
    const queue = view.waiting.filter((waiter) => waiter.model === model.name).map(({ id }) => id);
    const refused = new Set(commands.flatMap((command) => (command.do === 'refuse' ? [command.waiter] : [])));
    const granted = commands.flatMap((command) =>
      command.do === 'grant' && queue.includes(command.waiter) ? [command.waiter] : [],
    );
    const first = queue.filter((id) => !refused.has(id)).slice(0, granted.length);
    return first.join() === granted.join() ? [] : [`${granted.join()} of ${model.name} before ${first.join()}`];
  });

const drainBroken = (view: SwapView, command: SwapCommand): readonly string[] => {
  if (command.do !== 'drain') return [];
  const slot = view.slots.find(({ model }) => model.name === command.model);
  if (slot === undefined) return [`drain of ${command.model}, which is not there`];
  const broken: string[] = [];
  const { model, state, since, leases } = slot;
  if (state !== 'ready' && state !== 'asleep') broken.push(`drain of ${model.name}, ${state}`);
  if (model.pinned && command.for !== undefined) broken.push(`${model.name} is pinned and vacated for ${command.for}`);
  const { loadMs, wakeMs } = slot.times;
  const backMs = Math.min(loadMs, model.asleepMib === undefined ? loadMs : wakeMs);
  // One that has nothing to do stays no longer than it takes to come back.
  const isUnused = command.why === 'resident-idle' || command.why === 'idle';
  const stayMs = model.minResidentMs ?? Math.min(10_000, isUnused ? backMs : 10_000);
  const stayed = state !== 'ready' || view.now >= since + stayMs;
  if (!stayed && command.why !== 'bound') broken.push(`${model.name} vacated before its stay: ${command.why}`);
  if (leases > 0 && (command.why === 'idle' || command.why === 'resident-idle'))
    broken.push(`${model.name} is not idle`);
  if (command.to === 'asleep' && model.asleepMib === undefined) broken.push(`${model.name} cannot sleep`);
  const waited = view.waiting.some((waiter) => waiter.model === command.for);
  if (command.for !== undefined && !waited)
    broken.push(`${model.name} vacated for ${command.for}, which nobody waits for`);
  if (command.for === undefined && command.why !== 'idle')
    broken.push(`${model.name} vacated for nobody: ${command.why}`);
  return broken;
};

const refusalBroken = (view: SwapView, command: SwapCommand): readonly string[] => {
  if (command.do !== 'refuse') return [];
  const waiter = view.waiting.find(({ id }) => id === command.waiter);
  const slot = view.slots.find(({ model }) => model.name === waiter?.model);
  if (waiter === undefined || slot === undefined) return [`refusal of ${command.waiter}, who does not wait`];
  const broken: string[] = [];
  const inTime = view.now < waiter.since + view.policy.waitBoundMs;
  const never = slot.state === 'failed' || view.slots.some(({ model }) => model.pinned);
  if (slot.state === 'loading') broken.push(`${waiter.id} refused while ${waiter.model} loads`);
  if (inTime && !never && slot.model.gpus.length === 1) {
    const capacity = view.gpus.find(({ id }) => id === slot.model.gpus[0])?.vramMib;
    if ((slot.model.vramMib ?? 0) <= (capacity ?? Number.POSITIVE_INFINITY))
      broken.push(`${waiter.id} refused in time`);
  }
  if (!(command.retryAfterMs >= 1000) || !Number.isFinite(command.retryAfterMs)) {
    broken.push(`${waiter.id} told to retry after ${command.retryAfterMs} ms`);
  }
  return broken;
};

/** @throws Error naming the moment and every law that the decision breaks */
export const checkDecision = (view: SwapView, { commands, lookAgainAt }: Schedule): void => {
  const broken = [
    ...crowding(view, performed(view, commands)),
    ...orderBroken(view, commands),
    ...commands.flatMap((command) => [...drainBroken(view, command), ...refusalBroken(view, command)]),
    ...(commands.length > view.waiting.length + 2 * view.slots.length ? [`${commands.length} commands at once`] : []),
    ...(lookAgainAt !== undefined && !(lookAgainAt > view.now) ? ['looks again at once'] : []),
  ];
  if (broken.length > 0) throw new Error(`at ${view.now} ms: ${broken.join('; ')}`);
};

/** Answers cut although the drain limit had not passed. */
export const cutTooEarly = ({ endings, changes }: Outcome, drainMs: number): readonly string[] =>
  endings
    .filter(({ kind }) => kind === 'cut')
    .filter(({ arrival, endedAt }) => {
      const drain = changes.findLast(
        ({ model, to, at }) => model === arrival.model && to === 'draining' && at <= endedAt,
      );
      return drain === undefined || endedAt - drain.at < drainMs;
    })
    .map(({ arrival, endedAt }) => `${arrival.id} cut at ${endedAt} ms`);
