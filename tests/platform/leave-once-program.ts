/** Puts something in order when it is told to leave, and never comes to an end with it. */
import { onLeave } from '#platform/signals';

onLeave(() => process.stdout.write('leaving\n'));
// A socket keeps the process alive without any timer.
Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
process.stdout.write('here\n');
