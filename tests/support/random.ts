/** Where seeded tests get their chance from: the same seed always gives the same choices. */

/** A stream of reproducible choices. Never for secrets. */
export interface Random {
  /** The seed it was made from, for failure messages. */
  readonly seed: number;
  /** An unsigned 32-bit integer. */
  next(): number;
  /** At least 0, below 1. */
  float(): number;
  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One of the items. Throws when there are none. */
  pick<Item>(items: readonly Item[]): Item;
  /** The items in a new order. */
  shuffle<Item>(items: readonly Item[]): Item[];
  /** An independent stream whose choices depend on this seed and the label only, not on what was drawn before. */
  fork(label: string): Random;
}

const rotateLeft = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** SplitMix32, the usual way to stretch a small seed into a generator's state. */
const splitMix32 = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
};

/** FNV-1a, 32 bits: turns a label into a number. */
const hashOf = (label: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < label.length; index++) {
    hash = Math.imul(hash ^ label.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
};

export type Xoshiro128State = readonly [number, number, number, number];

/** The bare generator xoshiro128** 1.1 (David Blackman and Sebastiano Vigna, prng.di.unimi.it, public domain). */
export const xoshiro128 = (state: Xoshiro128State): (() => number) => {
  let [a, b, c, d] = state;
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
};

/** A seeded stream of choices: xoshiro128** seeded through SplitMix32. */
export const createRandom = (seed: number): Random => {
  const fill = splitMix32(seed);
  const next = xoshiro128([fill(), fill(), fill(), fill()]);
  const float = (): number => next() / 0x1_0000_0000;
  const integer = (min: number, max: number): number => min + Math.floor(float() * (max - min + 1));
  const pick = <Item>(items: readonly Item[]): Item => {
    if (items.length === 0) throw new RangeError('random: nothing to pick from');
    return items[integer(0, items.length - 1)] as Item;
  };
  return {
    seed,
    next,
    float,
    integer,
    pick,
    chance: (probability) => float() < probability,
    shuffle: (items) => {
      const rest = [...items];
      const order: typeof rest = [];
      while (rest.length > 0) order.push(...rest.splice(integer(0, rest.length - 1), 1));
      return order;
    },
    fork: (label) => createRandom((hashOf(label) ^ Math.imul(seed, 0x9e3779b1)) >>> 0),
  };
};
