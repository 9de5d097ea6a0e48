/** How is a server launched that we know nothing about? By the operator's words alone. */
import type { Engine } from '#core/engine';

export const custom: Engine = {
  ipcHost: false,
  health: '/health',
  sleepLevels: [],
  ignores: ['gpuMemoryShare', 'parsers', 'thinking', 'weights', 'contextTokens', 'requestsMax'],
  parsersFor: () => ({}),
  command: ({ args }) => ({ args, env: {} }),
};
