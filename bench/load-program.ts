/** The load generator, a process of its own: takes one command at a time and says what it measured. */
import { type LoadCommand, tellParent } from './commands';
import { runLoop } from './load-loop';
import { holdOpen, probe, releaseAll, runEvents } from './load-streams';

const perform = async (command: LoadCommand): Promise<unknown> => {
  switch (command.kind) {
    case 'loop':
      return runLoop(command);
    case 'events':
      return runEvents(command);
    case 'hold':
      return holdOpen(command);
    case 'release':
      return releaseAll();
    case 'probe':
      return probe(command);
    default:
      return command satisfies never;
  }
};

process.on('message', (message) => {
  perform(message as LoadCommand).then(
    (value) => tellParent({ kind: 'reply', value }),
    (error) => tellParent({ kind: 'failed', reason: String(error) }),
  );
});
tellParent({ kind: 'ready', port: 0 });
