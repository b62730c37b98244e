import { createLogger, type Logger } from 'vite';

/** While a server restarts, the page asks again and again: this often is enough to say so. */
const REPEAT_MS = 10_000;

/**
 * Vite's logger, but brief about the API: a page that left is no error, and a
 * server that is away is one line, not a stack for every try.
 */
export function calmLogger(api: string, inner: Logger = createLogger(), now: () => number = Date.now): Logger {
  let said = -Infinity;
  return {
    ...inner,
    error(message, options) {
      if (!/\b(ws|http) proxy (socket )?error/.test(message)) {
        inner.error(message, options);
        return;
      }
      const code = options?.error && 'code' in options.error ? String(options.error.code) : '';
      if (code === 'ECONNRESET' || code === 'EPIPE' || now() - said < REPEAT_MS) return;
      said = now();
      inner.warn(`the API at ${api} cannot be reached${code && ` (${code})`}: the page tries again`, { timestamp: true });
    },
  };
}
