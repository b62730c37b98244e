import { describe, expect, it } from 'vitest';

import { answer, ApiError, explain } from './problem';
import { apiOrigin } from './origin';

describe('a failed request', () => {
  it.each([
    ['a problem of the API', { detail: 'there is no symbol', code: 'not_found' }, 404, 'There is no symbol.'],
    ["the gateway's answer", { error: { status: 502, server: 'broker', message: 'the server broker is down' } }, 502, 'The server broker is down.'],
    ["a proxy's empty answer", '', 500, 'The server is not available (500). Try again in a moment.'],
    ['an answer in no known shape', [1], 418, 'The request failed (418).'],
    ['no answer at all', new TypeError('Failed to fetch'), undefined, 'The server cannot be reached. Try again in a moment.'],
  ])('is explained from %s', (_, error, status, text) => {
    expect(explain(error, status)).toEqual({ text });
  });

  it('names the field that did not validate', () => {
    const error = { detail: [{ loc: ['body', 'limit', 'limit_price'], msg: 'must be above zero', type: 'x' }] };
    expect(explain(error, 422)).toEqual({ text: 'Limit price: must be above zero.', field: 'limit_price' });
  });

  it('throws what it means', async () => {
    const response = new Response('', { status: 409 });
    await expect(answer(Promise.resolve({ error: { detail: 'filled already' }, response }))).rejects.toEqual(new ApiError({ text: 'Filled already.' }));
    await expect(answer(Promise.resolve({ data: 5, response: new Response() }))).resolves.toBe(5);
  });
});

describe('the API', () => {
  it("is at the page's own origin while developing, and for a built page unless said", () => {
    expect(apiOrigin({ DEV: true, VITE_API_URL: 'http://a:1' })).toBe('');
    expect(apiOrigin({ DEV: false })).toBe('');
    expect(apiOrigin({ DEV: false, VITE_API_URL: 'http://a:1/api/v1' })).toBe('http://a:1');
  });
});
