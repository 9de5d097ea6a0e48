/** Is the feed of events bounded for those who watch and free for those who do not? */
import { describe, expect, test } from 'bun:test';
import { createFeed, type FeedEvent, READERS_MAX } from '#router/events';

const feedWith = (events: number) => {
  const feed = createFeed(() => 1_000);
  for (let number = 1; number <= events; number++) feed.publish('lifecycle', { number });
  return feed;
};

describe('a feed', () => {
  test('a late reader gets what is remembered, in order, then what comes', () => {
    const feed = feedWith(3);
    const seen: FeedEvent[] = [];
    feed.subscribe(1, (event) => seen.push(event));
    feed.publish('config', { number: 4 });
    expect(seen).toEqual([
      { seq: 2, at: 1_000, kind: 'lifecycle', data: { number: 2 } },
      { seq: 3, at: 1_000, kind: 'lifecycle', data: { number: 3 } },
      { seq: 4, at: 1_000, kind: 'config', data: { number: 4 } },
    ]);
  });

  test('the oldest events are forgotten', () => {
    const feed = feedWith(2_500);
    const seen: number[] = [];
    feed.subscribe(0, ({ seq }) => seen.push(seq));
    expect([seen.length, seen[0], seen.at(-1)]).toEqual([2_000, 501, 2_500]);
  });

  test('there is a limit on readers, and a place is free again when one leaves', () => {
    const feed = feedWith(0);
    const leave = Array.from({ length: READERS_MAX }, () => feed.subscribe(0, () => undefined));
    expect(() => feed.subscribe(0, () => undefined)).toThrow('more than 32 readers');
    leave[0]?.();
    expect(feed.subscribe(0, () => undefined)).toBeFunction();
  });

  test('a reader that throws is dropped, at once and for good, and harms nobody', () => {
    const feed = feedWith(2);
    let told = 0;
    const seen: number[] = [];
    feed.subscribe(0, ({ seq }) => seen.push(seq));
    feed.subscribe(0, () => {
      told++;
      throw new Error('gone');
    });
    feed.publish('lifecycle', {});
    expect(told).toBe(1);
    expect(seen).toEqual([1, 2, 3]);
  });

  test('knows whether anybody watches', () => {
    const feed = feedWith(1);
    expect(feed.watched).toBe(false);
    const leave = feed.subscribe(0, () => undefined);
    expect(feed.watched).toBe(true);
    leave();
    leave();
    expect(feed.watched).toBe(false);
  });
});
