/** The verb `multiplexer load`: a model is loaded before anybody asks for it. */
import { command } from '#cli/command';
import { CHANGE_FLAGS, changeSlot, MODEL } from '#cli/multiplexer-client';
import { EXIT, json, printable } from '#cli/output';

export default command({
  details: `Waits until the model is ready. It takes its turn like a request: others drain first, a pinned one stays.
When it cannot be loaded the last lines of its server are shown.`,
  flags: CHANGE_FLAGS,
  args: { model: MODEL },
  examples: ['multiplexer load qwen3-coder-local'],
  async run({ flags, args }, io) {
    const slot = await changeSlot('load', args.model, flags, io);
    io.terminal.out(flags.json ? json(slot) : `${printable(args.model)} is ready\n`);
    return EXIT.ok;
  },
});
