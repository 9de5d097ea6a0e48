/** The measurements that need no load, in a process of their own so that nothing else has warmed or filled it. */
import { type MicroCommand, tellParent } from './commands';
import { measureDeciding } from './micro-decide';
import { measureParts } from './micro-parts';

const perform = async ({ folder, rounds }: MicroCommand): Promise<unknown> => [
  ...(await measureDeciding(rounds)),
  ...(await measureParts(folder, rounds)),
];

process.on('message', (message) => {
  perform(message as MicroCommand).then(
    (value) => tellParent({ kind: 'reply', value }),
    (error) =>
      tellParent({ kind: 'failed', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
tellParent({ kind: 'ready', port: 0 });
