/** A process that logs `log-program.ts COUNT` lines to stderr, says on stdout that it lives, and ends. */
import { createLog } from '#platform/log';
import { openLogOutput } from '#platform/log-output';
import { realClock } from '#tests/support/clock';

const output = openLogOutput(realClock, 2);
const log = createLog({ level: 'info', clock: realClock, format: 'json', write: output.write });
for (let number = 0; number < Number(process.argv[2]); number++) {
  log.info('a line of some length, so that pipes fill', { number, filler: 'x'.repeat(100) });
}
process.stdout.write('alive\n');
await output.close();
process.exit(0);
