/** What a price table looks like: as published, and as kept in the cache file. */
import type { Prices } from '#core/tier';

/** Model id to prices, in the published order. */
export type PriceTable = ReadonlyMap<string, Prices>;

export interface CachedTable {
  /** Epoch milliseconds. */
  readonly fetchedAt: number;
  readonly table: PriceTable;
}

const CACHE_SCHEMA = 'anvil-serving.prices/v1';
const PER_MILLION = 1e6;
/** The published table lists about 3,000 models. */
const MODELS_MAX = 50_000;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isPrice = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** 0.000003 USD per token times a million is 3, not 2.9999999999999996. */
const perMillion = (perToken: number): number => Number((perToken * PER_MILLION).toPrecision(12));

const readEntry = (entry: unknown): Prices | undefined => {
  if (!isRecord(entry)) return undefined;
  const { input_cost_per_token: input, output_cost_per_token: output } = entry;
  if (!isPrice(input) || !isPrice(output)) return undefined;
  const { cache_read_input_token_cost: cacheRead, cache_creation_input_token_cost: cacheWrite } = entry;
  return {
    input: perMillion(input),
    output: perMillion(output),
    ...(isPrice(cacheRead) ? { cacheRead: perMillion(cacheRead) } : {}),
    ...(isPrice(cacheWrite) ? { cacheWrite: perMillion(cacheWrite) } : {}),
  };
};

/** Models that have both an input and an output price; everything else in the table is skipped. */
export const readPublicTable = (document: unknown): PriceTable => {
  const table = new Map<string, Prices>();
  if (!isRecord(document)) return table;
  for (const [model, entry] of Object.entries(document).slice(0, MODELS_MAX)) {
    const prices = readEntry(entry);
    if (prices !== undefined) table.set(model, prices);
  }
  return table;
};

export const encodePriceTable = ({ fetchedAt, table }: CachedTable): string =>
  `${JSON.stringify({ schema: CACHE_SCHEMA, fetchedAt, prices: Object.fromEntries(table) })}\n`;

const toPrices = (value: unknown): Prices | undefined => {
  if (!isRecord(value)) return undefined;
  const { input, output, cacheRead, cacheWrite } = value;
  if (!isPrice(input) || !isPrice(output)) return undefined;
  return {
    input,
    output,
    ...(isPrice(cacheRead) ? { cacheRead } : {}),
    ...(isPrice(cacheWrite) ? { cacheWrite } : {}),
  };
};

/** Reads a cache file. Throws, saying why, when the text is none. */
export const decodePriceTable = (text: string): CachedTable => {
  const document: unknown = JSON.parse(text);
  if (!isRecord(document) || document.schema !== CACHE_SCHEMA || !isRecord(document.prices)) {
    throw new Error(`not a ${CACHE_SCHEMA} document`);
  }
  const { fetchedAt } = document;
  if (!isPrice(fetchedAt)) throw new Error('fetchedAt is not a time');
  const table = new Map<string, Prices>();
  for (const [model, value] of Object.entries(document.prices)) {
    const prices = toPrices(value);
    if (prices !== undefined) table.set(model, prices);
  }
  return { fetchedAt, table };
};
