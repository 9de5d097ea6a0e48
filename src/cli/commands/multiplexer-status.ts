/** The verb `multiplexer status`: which models are where, who waits for what, and why was swapped. */
import { command } from '#cli/command';
import { askStatus, CLIENT_FLAGS, watchStatus } from '#cli/multiplexer-client';
import { EXIT, json } from '#cli/output';
import { slotsText } from '#cli/slots-text';

/** Back to the first cell, and nothing below. */
const CLEAR = '\u001b[H\u001b[2J';

export default command({
  details: `READY-IN is when a request that came now would be served, as far as times were measured, and what has
to happen first. With --watch the picture follows every change until you stop it; with --json as well,
each is one line. A router can be asked as well, and watched where it has the registry itself.`,
  flags: {
    watch: { kind: 'switch', help: 'Show every change' },
    json: { kind: 'switch', help: 'Print the whole state as JSON' },
    ...CLIENT_FLAGS,
  },
  args: {},
  examples: ['multiplexer status', 'multiplexer status --watch', 'multiplexer status --url http://gpu-box:8001 --json'],
  async run({ flags }, io) {
    const { terminal, style } = io;
    if (!flags.watch) {
      const { document, status } = await askStatus(flags, io);
      terminal.out(flags.json ? json(document) : slotsText(status, style));
      return EXIT.ok;
    }
    await watchStatus(flags, io, ({ document, status }) => {
      if (flags.json) return terminal.outNow(`${JSON.stringify(document)}\n`);
      return terminal.outNow(
        `${terminal.outIsTty ? CLEAR : ''}${slotsText(status, style)}${terminal.outIsTty ? '' : '\n'}`,
      );
    });
    return EXIT.ok;
  },
});
