/** May a model be loaded without the host running out of memory? Weights pass through it on their way to the GPU. */

/** Loading takes more than the weights: buffers, the server itself. */
const OVERHEAD = 1.15;

export interface MemoryQuestion {
  /** Weights of the model to be loaded, in GiB; absent: it is not guarded. A model that merely wakes needs no asking. */
  readonly weightGb: number | undefined;
  /** Host memory that is available now, in GiB; undefined when it cannot be found out. */
  readonly freeGb: number | undefined;
  /** Weights of the models that make room by being stopped: their memory comes back. */
  readonly stoppedGb: readonly number[];
  /** Weights of those that make room by sleeping at level 1: they move into host memory. */
  readonly asleepGb: readonly number[];
  /** Weights of those that stay, loaded or asleep. */
  readonly stayingGb: readonly number[];
  /** Weights of others that are on their way in, none of which the reading may show yet. */
  readonly comingGb?: readonly number[];
  /** What all models together may take of the host's memory, in GiB; absent: what is free. */
  readonly ramCapGb: number | undefined;
}

export interface MemoryShortage {
  readonly neededGb: number;
  readonly availableGb: number;
  /** For the caller and the log: what is short, and what to do. */
  readonly message: string;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const inGb = (value: number): string => `${(Math.round(value * 10) / 10).toFixed(1)} GiB`;

/**
 * Undefined when there is enough, or nothing to guard. Without a reading only the cap decides, and without a cap nothing
 * does: refusing every model because a file could not be read would be worse than the risk.
 */
export const memoryShortage = (model: string, question: MemoryQuestion): MemoryShortage | undefined => {
  const { weightGb, freeGb, stoppedGb, asleepGb, stayingGb, comingGb = [], ramCapGb } = question;
  if (weightGb === undefined) return undefined;
  const neededGb = weightGb * OVERHEAD;
  const free =
    freeGb === undefined
      ? Number.POSITIVE_INFINITY
      : freeGb + sum(stoppedGb) - sum(asleepGb) - sum(comingGb) * OVERHEAD;
  const cap = ramCapGb === undefined ? Number.POSITIVE_INFINITY : ramCapGb - sum(stayingGb) - sum(asleepGb);
  const availableGb = Math.max(0, Math.min(free, cap));
  if (neededGb <= availableGb) return undefined;
  const limit = cap < free ? `the cap of ${inGb(ramCapGb ?? 0)} leaves` : 'the host has';
  const remedy = cap < free ? 'raise ram_cap_gb' : 'free memory, or allow the machine (WSL, container) more of it';
  return {
    neededGb,
    availableGb,
    message: `${model} needs ${inGb(neededGb)} of host memory to load, and ${limit} ${inGb(availableGb)}; ${remedy}`,
  };
};
