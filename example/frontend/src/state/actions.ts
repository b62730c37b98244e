import { shallowReactive } from 'vue';

import { failureOf } from '../api/problem';

/** Requests that belong to rows of a table: which run, and how they failed. */
export interface RowActions {
  busy: Set<string>;
  failures: Map<string, string>;
  act(row: string, request: () => Promise<void>): Promise<void>;
}

export function useRowActions(): RowActions {
  const busy = shallowReactive(new Set<string>());
  const failures = shallowReactive(new Map<string, string>());
  return {
    busy,
    failures,
    act: async (row, request) => {
      if (busy.has(row)) return;
      busy.add(row);
      failures.delete(row);
      try {
        await request();
      } catch (error) {
        failures.set(row, failureOf(error).text);
      } finally {
        busy.delete(row);
      }
    },
  };
}
