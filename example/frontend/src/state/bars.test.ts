import { describe, expect, it } from 'vitest';

import { addBar, mergeBars } from './bars';

const bar = (time: number, close = 1) => ({ time, open: 1, high: 1, low: 1, close, volume: 1 });

describe('bars', () => {
  it('grow by a new bar and lose the oldest', () => {
    expect(addBar([bar(1), bar(2)], bar(3), 2).map((b) => b.time)).toEqual([2, 3]);
  });

  it('take the newer state of the running bar', () => {
    expect(addBar([bar(1), bar(2)], bar(2, 9), 5).at(-1)?.close).toBe(9);
  });

  it('take the last state of the bar before the running one', () => {
    expect(addBar([bar(1), bar(2)], bar(1, 9), 5).map((b) => b.close)).toEqual([9, 1]);
  });

  it('leave out a bar that is older than all', () => {
    expect(addBar([bar(5)], bar(2), 5)).toEqual([bar(5)]);
  });

  it('are joined with those that came while they were loaded', () => {
    expect(mergeBars([bar(1), bar(2)], [bar(2, 9), bar(3)]).map((b) => [b.time, b.close])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    expect(mergeBars([bar(1), bar(2)], [bar(2, 9)]).map((b) => b.close)).toEqual([1, 9]);
    expect(mergeBars([bar(1)], [])).toEqual([bar(1)]);
  });
});
