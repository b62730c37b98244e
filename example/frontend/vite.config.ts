import { defineConfig, loadEnv } from 'vite';
import vue from '@vitejs/plugin-vue';

import { calmLogger } from './vite/calm-logger.ts';
import { followClients } from './vite/follow-clients.ts';

// A page opened on Vite's own port reaches the API through Vite; one opened on
// the gateway's port reaches it through the gateway. Either way it has one origin.
export default defineConfig(({ mode }) => {
  const env = loadEnv(mode, import.meta.dirname, ['VITE_', 'FRONTEND_PORT', 'PORT']);
  const api = env.VITE_API_URL || 'http://127.0.0.1:8000';
  const port = Number(env.FRONTEND_PORT || env.PORT || 5173);
  const proxy = { '/api': { target: new URL(api).origin, changeOrigin: true, ws: true } };
  return {
    customLogger: calmLogger(api),
    plugins: [vue(), followClients()],
    server: {
      host: '127.0.0.1',
      port,
      strictPort: true, // the gateway knows this port: another one would not be found
      proxy,
      warmup: { clientFiles: ['./src/main.ts', './src/components/*.vue'] },
    },
    preview: { host: '127.0.0.1', port, strictPort: true, proxy },
    test: { include: ['src/**/*.test.ts', 'vite/**/*.test.ts'] },
  };
});
