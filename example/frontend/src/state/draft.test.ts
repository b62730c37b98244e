import { describe, expect, it } from 'vitest';

import { firstPrice, mistakes, toTicket, worth, type Draft } from './draft';

const draft = (changes: Partial<Draft> = {}): Draft => ({ side: 'buy', type: 'market', quantity: 10, price: '', timeInForce: 'gtc', ...changes });
const quote = { symbol: 'A', bid: 99, ask: 101, last: 100, change: 0, change_percent: 0, time: '' };

describe('a draft', () => {
  it('of a market order needs a quantity and no price', () => {
    expect(mistakes(draft())).toEqual({});
    expect(mistakes(draft({ quantity: '' }))).toHaveProperty('quantity');
    expect(mistakes(draft({ quantity: -1 }))).toHaveProperty('quantity');
  });

  it('of a limit order needs a price', () => {
    expect(mistakes(draft({ type: 'limit' })).price).toMatch(/limit price/);
    expect(mistakes(draft({ type: 'limit', price: 5 }))).toEqual({});
  });

  it('becomes the request of its type and nothing more', () => {
    expect(toTicket(draft({ price: 7 }), 'A')).toEqual({ type: 'market', symbol: 'A', side: 'buy', quantity: 10 });
    expect(toTicket(draft({ type: 'stop', price: '7.50', timeInForce: 'day' }), 'A')).toEqual({
      type: 'stop',
      symbol: 'A',
      side: 'buy',
      quantity: 10,
      stop_price: 7.5,
      time_in_force: 'day',
    });
  });

  it('is worth what the market asks, or its own price', () => {
    expect(worth(draft(), quote)).toBe(1_010);
    expect(worth(draft({ side: 'sell' }), quote)).toBe(990);
    expect(worth(draft({ type: 'limit', price: 50 }), quote)).toBe(500);
    expect(worth(draft(), undefined)).toBeUndefined();
  });

  it('begins with a price that waits', () => {
    expect(firstPrice({ side: 'buy', type: 'limit' }, quote, 2)).toBe('99.90');
    expect(firstPrice({ side: 'sell', type: 'limit' }, quote, 2)).toBe('100.10');
    expect(firstPrice({ side: 'buy', type: 'stop' }, quote, 2)).toBe('100.10');
    expect(firstPrice({ side: 'sell', type: 'stop' }, quote, 2)).toBe('99.90');
  });
});
