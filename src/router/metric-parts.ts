/** Of what are all Prometheus series made: counters, histograms, bounded labels, and numbers that cannot spoil them? */
import { Counter, Histogram, type Registry } from '#platform/prom-client-parts';

/** Label values are remembered until there are `max`; anything odd or beyond reads `other`. */
export const createLabel = (max: number): ((value: string | undefined) => string) => {
  const known = new Set<string>();
  return (value) => {
    if (value === undefined) return 'none';
    if (known.has(value)) return value;
    if (known.size >= max || !/^[\w.:/-]{1,80}$/.test(value)) return 'other';
    known.add(value);
    return value;
  };
};

/** Beyond any true count; an absurd number of a tier must not turn a sum into infinity. */
const AMOUNT_MAX = 1e15;

/** Counters take no negative, infinite or missing number. */
export const amount = (value: number | undefined): number =>
  value !== undefined && Number.isFinite(value) && value > 0 ? Math.min(value, AMOUNT_MAX) : 0;

export const seconds = (ms: number): number => amount(ms) / 1_000;

export const counter = <Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[],
) => new Counter<Label>({ name: `anvil_${name}`, help, labelNames: [...labelNames], registers: [registry] });

export const histogram = <Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[],
  buckets: readonly number[],
) =>
  new Histogram<Label>({
    name: `anvil_${name}`,
    help,
    labelNames: [...labelNames],
    buckets: [...buckets],
    registers: [registry],
  });
