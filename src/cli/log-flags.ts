/** How does a verb that stays let its log be chosen? */
import type { FlagSpecs } from '#cli/command';

export const LOG_FLAGS = {
  'log-level': {
    kind: 'choice',
    value: 'LEVEL',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    help: 'Least level logged',
    default: 'info',
  },
  'log-format': {
    kind: 'choice',
    value: 'FORMAT',
    choices: ['json', 'pretty'],
    help: 'Pretty on a terminal, else JSON, when not given',
  },
} as const satisfies FlagSpecs;
