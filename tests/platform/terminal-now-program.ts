/** Started by a test: prints a line at once, then each time a line comes in, until nobody reads it. Ends with 3 then. */
import { processTerminal } from '#platform/terminal';

const terminal = processTerminal();
let isRead = await terminal.outNow('begins\n');
for await (const line of console) {
  isRead = await terminal.outNow(`${line}\n`);
  if (!isRead) break;
}
await terminal.leave(isRead ? 0 : 3);
