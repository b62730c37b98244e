import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import type { Plugin } from 'vite';

/** A generation writes many files; the page is reloaded once, after the last. */
const QUIET_MS = 60;

/**
 * Reloads the page when the generated clients change, and says what to do when
 * they are not there. Vite alone would miss most changes: types leave no trace
 * in what it serves.
 */
export function followClients(): Plugin {
  let root = '';
  return {
    name: 'follow-clients',
    configResolved(config) {
      root = [config.root, 'src', 'clients', ''].join('/');
    },
    configureServer(server) {
      // dev-fullstack makes them while this starts.
      if (!existsSync(root)) server.config.logger.warn(`${missing(root)}, unless that is under way; the page is then reloaded`);
      let timer: NodeJS.Timeout | undefined;
      const changed = (file: string): void => {
        if (!isClient(file, root)) return;
        clearTimeout(timer);
        timer = setTimeout(() => {
          server.moduleGraph.invalidateAll();
          server.ws.send({ type: 'full-reload', path: '*' });
          server.config.logger.info('the API clients changed: page reloaded', { timestamp: true });
        }, QUIET_MS);
      };
      server.watcher.on('change', changed).on('add', changed).on('unlink', changed);
      server.httpServer?.once('close', () => clearTimeout(timer));
    },
    // The reload covers them; an update of single modules would come besides.
    handleHotUpdate: ({ file }) => (isClient(file, root) ? [] : undefined),
    buildStart() {
      if (this.environment.config.command === 'build' && !existsSync(root)) this.error(missing(root));
    },
  };
}

/** Tells whether a file is part of a generated client. */
export function isClient(file: string, root: string): boolean {
  return file.split(sep).join('/').startsWith(root) && file.endsWith('.ts');
}

function missing(root: string): string {
  return `there are no API clients in ${root}: generate them (make -f project.mk generate-clients)`;
}
