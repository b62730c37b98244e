import { expect, it } from 'vitest';

import { isClient } from './follow-clients.ts';

it('knows a generated client by its place', () => {
  const root = '/page/src/clients/';
  expect(isClient('/page/src/clients/trader-client-broker/types.gen.ts', root)).toBe(true);
  expect(isClient('/page/src/clients/.trader-client-broker.tmp', root)).toBe(false);
  expect(isClient('/page/src/clients.ts', root)).toBe(false);
});
