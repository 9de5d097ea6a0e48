/** How is small work after each request done in a hot loop now and then, instead of coldly every time? */
import type { Clock, TimerHandle } from '#platform/effects';

export interface Batch<Item> {
  add(item: Item): void;
  /** Takes what is waiting now. */
  flush(): void;
}

export interface BatchOptions<Item> {
  readonly clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>;
  /** Items at which a batch is taken at once; no more ever wait. */
  readonly itemsMax: number;
  /** Longest wait of an item, in milliseconds. */
  readonly waitMs: number;
  /** Must not throw. */
  readonly take: (item: Item) => void;
}

/** Items are taken in the order they came. */
export const createBatch = <Item>({ clock, itemsMax, waitMs, take }: BatchOptions<Item>): Batch<Item> => {
  let waiting: Item[] = [];
  let timer: TimerHandle | undefined;
  const flush = (): void => {
    if (timer !== undefined) clock.clearTimeout(timer);
    timer = undefined;
    const items = waiting;
    waiting = [];
    for (const item of items) take(item);
  };
  return {
    add(item) {
      waiting.push(item);
      if (waiting.length >= itemsMax) flush();
      else timer ??= clock.setTimeout(flush, waitMs);
    },
    flush,
  };
};
