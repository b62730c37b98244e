import { expect, it } from 'vitest';

import { next } from './link';

it('calls a connection lost as soon as it does not come up, and live again when it does', () => {
  expect(next('connecting', 'connecting')).toBe('connecting');
  expect(next('connecting', 'open')).toBe('live');
  expect(next('connecting', 'waiting')).toBe('lost');
  expect(next('live', 'waiting')).toBe('lost');
  expect(next('lost', 'connecting')).toBe('lost');
  expect(next('lost', 'open')).toBe('live');
});
