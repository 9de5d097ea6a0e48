/** The verb `health`: exit 0 when a router says it is well; what a container's health check runs. */
import { command } from '#cli/command';
import { EXIT, json, printable } from '#cli/output';
import { ask, DEFAULT_URL } from '#cli/router-client';

/** Shown of an answer that is no good. */
const REPLY_CHARS_SHOWN = 300;

export default command({
  flags: {
    url: { kind: 'text', value: 'URL', help: 'Address of the router', default: DEFAULT_URL },
    'timeout-ms': { kind: 'integer', value: 'N', min: 1, max: 60_000, default: 3000, help: 'Longest wait' },
    json: { kind: 'switch', help: 'Print the outcome as JSON' },
  },
  args: {},
  examples: ['health', 'health --url http://127.0.0.1:9000 --json'],
  async run({ flags }, io) {
    const { status, text } = await ask({ url: flags.url, path: '/healthz', timeoutMs: flags['timeout-ms'] }, io);
    const healthy = status === 200;
    if (flags.json) io.terminal.out(json({ healthy, status }));
    else if (healthy) io.terminal.out(`${io.style.good('healthy')}\n`);
    else
      io.terminal.err(`not healthy: ${flags.url} answered ${status} ${printable(text.slice(0, REPLY_CHARS_SHOWN))}\n`);
    return healthy ? EXIT.ok : EXIT.failed;
  },
});
