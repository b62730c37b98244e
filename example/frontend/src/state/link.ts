import { onScopeDispose, ref, type Ref } from 'vue';

import { apiOrigin } from '../api/origin';

/** What the page shows of a connection; a lost one is being tried again. */
export type LinkState = 'connecting' | 'live' | 'lost';

/** The states of a generated socket. */
type SocketState = 'connecting' | 'open' | 'waiting' | 'closed';

/** The options that all generated sockets share. */
export interface LinkOptions {
  url?: string;
  retryAtMost: number;
  onState(state: SocketState): void;
  onError(error: Error): void;
}

/** A module's socket and how it is. */
export interface Link<S> {
  module: string;
  socket: S;
  state: Ref<LinkState>;
  /** What the server said of a subscription that it refused; "" for nothing. */
  problem: Ref<string>;
}

/** A server that restarts is back within seconds: it is not worth waiting longer for. */
const RETRY_AT_MOST_MS = 2_000;

/** Makes a module's socket, which lives as long as the scope that asked for it. */
export function useLink<S extends { close(): void }>(module: string, make: (options: LinkOptions) => S): Link<S> {
  const state = ref<LinkState>('connecting');
  const problem = ref('');
  const socket = make({
    url: apiOrigin(),
    retryAtMost: RETRY_AT_MOST_MS,
    onState: (now) => {
      state.value = next(state.value, now);
      if (now === 'open') problem.value = '';
    },
    onError: (error) => {
      problem.value = error.message;
    },
  });
  onScopeDispose(() => socket.close());
  return { module, socket, state, problem };
}

/** Every try after the first is the mending of a lost connection. */
export function next(before: LinkState, now: SocketState): LinkState {
  if (now === 'open') return 'live';
  return now === 'connecting' && before === 'connecting' ? 'connecting' : 'lost';
}
