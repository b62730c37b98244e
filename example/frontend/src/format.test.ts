import { expect, it } from 'vitest';

import { direction, percent, price, quantity, signed } from './format';

it('shows prices with all their decimals', () => {
  expect(price(1234.5, 2)).toBe('1,234.50');
  expect(price(1.08, 5)).toBe('1.08000');
  expect(price(null, 2)).toBe('–');
});

it('shows quantities with no more decimals than they have', () => {
  expect(quantity(10)).toBe('10');
  expect(quantity(0.125)).toBe('0.125');
});

it('shows changes with their sign, and zero without', () => {
  expect(signed(1.234)).toBe('+1.23');
  expect(signed(-1234.5)).toBe('−1,234.50');
  expect(signed(-0.001)).toBe('0.00');
  expect(percent(-0.5)).toBe('−0.50%');
  expect([2, -2, 0].map(direction)).toEqual(['up', 'down', 'even']);
});
