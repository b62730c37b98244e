/** Why a request failed, for a person; field names the part of the form at fault. */
export interface Failure {
  text: string;
  field?: string;
}

/** What a generated REST function returns. */
interface Result<T> {
  data?: T;
  error?: unknown;
  response?: Response;
}

/** An answer of the API that is no success. */
export class ApiError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.text);
    this.name = 'ApiError';
    this.failure = failure;
  }
}

/** The data of an answer; throws ApiError where there is none. */
export async function answer<T>(call: Promise<Result<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (response?.ok && data !== undefined) return data;
  throw new ApiError(explain(error, response?.status));
}

/** The failure behind whatever was thrown. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) return error.failure;
  return { text: error instanceof Error ? error.message : String(error) };
}

/**
 * Says what an error means. It may come from the API (a Problem, or a list of
 * what did not validate), from the gateway, from a proxy, or from the browser.
 */
export function explain(error: unknown, status?: number): Failure {
  if (status === undefined) return { text: 'The server cannot be reached. Try again in a moment.' };
  const body = isObject(error) ? error : {};
  if (typeof body.detail === 'string') return { text: sentence(body.detail) };
  if (Array.isArray(body.detail)) return invalid(body.detail);
  if (isObject(body.error) && typeof body.error.message === 'string') {
    return { text: sentence(body.error.message) };
  }
  return { text: status >= 500 ? `The server is not available (${status}). Try again in a moment.` : `The request failed (${status}).` };
}

function invalid(details: unknown[]): Failure {
  const first: unknown = details[0];
  if (!isObject(first) || typeof first.msg !== 'string') return { text: 'The request is not valid.' };
  const place = Array.isArray(first.loc) ? first.loc : [];
  const field: unknown = place.at(-1);
  if (typeof field !== 'string') return { text: sentence(first.msg) };
  return { text: sentence(`${field.replaceAll('_', ' ')}: ${first.msg}`), field };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function sentence(text: string): string {
  const s = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(s) ? s : `${s}.`;
}
