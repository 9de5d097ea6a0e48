/** Started by a test: prints as many lines as it is told, then leaves with the code it is told. */
import { processTerminal } from '#platform/terminal';

const terminal = processTerminal();
const [lines = '0', code = '0'] = terminal.argv;
for (let line = 0; line < Number(lines); line++) terminal.out(`${'x'.repeat(99)}\n`);
await terminal.leave(Number(code));
