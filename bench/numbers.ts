/** How are many noisy samples said in one number? Percentiles, medians and ratios, nothing else. */

/** The value below which a share of the samples lies; NaN without samples. `sorted` is ascending. */
const percentileOf = (sorted: Float64Array, share: number): number =>
  sorted.length === 0
    ? Number.NaN
    : (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);

export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

/** Median, 99th percentile and number of the samples, in their unit. */
export const spreadOf = (samples: readonly number[]): Spread => {
  const sorted = Float64Array.from(samples).sort();
  return { count: sorted.length, p50: percentileOf(sorted, 0.5), p99: percentileOf(sorted, 0.99) };
};

/** Median of a few values, the mean of the middle two where their number is even; NaN without any. */
export const median = (values: readonly number[]): number => {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
};

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;

/** A number for a table: three significant digits, `-` where nothing was measured. */
export const shown = (value: number | undefined): string => {
  if (value === undefined || !Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
};
