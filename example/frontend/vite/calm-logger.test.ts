import { createLogger } from 'vite';
import { expect, it, vi } from 'vitest';

import { calmLogger } from './calm-logger.ts';

it('says once that the API is away, and all else as it is', () => {
  const inner = createLogger('silent');
  const [error, warn] = [vi.spyOn(inner, 'error'), vi.spyOn(inner, 'warn')];
  let time = 0;
  const logger = calmLogger('http://api', inner, () => time);
  const failed = (code: string) => logger.error('ws proxy error:\nstack', { error: Object.assign(new Error(), { code }) });

  failed('ECONNRESET');
  expect(warn).not.toHaveBeenCalled();
  failed('ECONNREFUSED');
  failed('ECONNREFUSED');
  expect(warn).toHaveBeenCalledOnce();
  expect(warn.mock.calls[0]?.[0]).toContain('http://api cannot be reached (ECONNREFUSED)');
  time = 60_000;
  failed('ECONNREFUSED');
  expect(warn).toHaveBeenCalledTimes(2);

  expect(error).not.toHaveBeenCalled();
  logger.error('Pre-transform error');
  expect(error).toHaveBeenCalledOnce();
});
