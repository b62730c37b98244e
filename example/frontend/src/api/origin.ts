/**
 * Where the API is: "" for the page's own origin. While developing that is
 * always so, since both the gateway and Vite's server pass /api on. A built
 * page may be served by another host, and then knows VITE_API_URL.
 */
export function apiOrigin(env: { DEV: boolean; VITE_API_URL?: string } = import.meta.env): string {
  if (env.DEV || !env.VITE_API_URL) return '';
  return new URL(env.VITE_API_URL).origin;
}
