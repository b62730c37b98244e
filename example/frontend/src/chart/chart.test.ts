import { describe, expect, it } from 'vitest';

import { layout, sparkline, spread } from './geometry';
import { niceStep, timeTicks, valueTicks } from './ticks';

const MINUTE = 60_000;
const bars = (count: number) => Array.from({ length: count }, (_, i) => ({ time: i * MINUTE, open: 100 + i, high: 102 + i, low: 99 + i, close: 101 + i, volume: 10 }));

describe('ticks', () => {
  it('are round', () => {
    expect(niceStep(1, 4)).toBeCloseTo(0.25);
    expect(niceStep(90, 5)).toBe(20);
    expect(valueTicks(1.081, 1.084, 3)).toEqual([1.081, 1.082, 1.083, 1.084]);
    expect(valueTicks(5, 5, 3)).toEqual([]);
  });

  it('of time stand at round local times and mark midnight', () => {
    const times = Array.from({ length: 121 }, (_, i) => 23 * 60 * MINUTE + i * MINUTE);
    expect(timeTicks(times, 20, 0).map((t) => [t.time / MINUTE - 1_380, t.day])).toEqual([
      [0, false],
      [30, false],
      [60, true],
      [90, false],
      [120, false],
    ]);
    expect(timeTicks(times, 20, 20 * MINUTE).map((t) => t.time / MINUTE - 1_380)).toEqual([10, 40, 70, 100]);
  });
});

describe('a chart', () => {
  it('shows the newest bars that fit, within its edges', () => {
    const g = layout(bars(100), { width: 450, height: 300 });
    expect(g?.bars).toHaveLength(50);
    expect(g?.bars.at(-1)?.time).toBe(99 * MINUTE);
    expect(g?.at(0)).toBe(0);
    expect(g?.at(449)).toBe(49);
    for (const b of g?.bars ?? []) {
      expect(g?.y(b.high)).toBeGreaterThan(0);
      expect(g?.y(b.low)).toBeLessThan(300);
    }
  });

  it('makes room for a level that is near, and not for one far away', () => {
    const plain = layout(bars(50), { width: 450, height: 300 });
    const near = layout(bars(50), { width: 450, height: 300 }, [{ price: 160, label: '', kind: 'buy' }]);
    const far = layout(bars(50), { width: 450, height: 300 }, [{ price: 900, label: '', kind: 'buy' }]);
    expect(near?.high).toBeGreaterThan(160);
    expect(far?.high).toBe(plain?.high);
  });

  it('is none without bars or room', () => {
    expect(layout([], { width: 450, height: 300 })).toBeUndefined();
    expect(layout(bars(5), { width: 0, height: 300 })).toBeUndefined();
  });

  it('keeps the labels of near lines apart and inside', () => {
    expect(spread([{ y: 50 }, { y: 52 }, { y: 3 }], 100).map((l) => l.labelY)).toEqual([13, 46, 59]);
    expect(spread([{ y: 99 }, { y: 100 }], 100).map((l) => l.labelY)).toEqual([87, 100]);
  });

  it('draws a line that grows from the right', () => {
    expect(sparkline([1, 2], 2, 10, 10)).toBe('M0 9L10 1');
    expect(sparkline([1, 2], 11, 10, 10)).toBe('M9 9L10 1');
    expect(sparkline([1], 11, 10, 10)).toBe('');
  });
});
