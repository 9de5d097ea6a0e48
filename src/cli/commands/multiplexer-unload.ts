/** The verb `multiplexer unload`: a model gives up its place, once the answers it gives have ended. */
import { command } from '#cli/command';
import { CHANGE_FLAGS, changeSlot, MODEL } from '#cli/multiplexer-client';
import { EXIT, json, printable } from '#cli/output';

export default command({
  details: `Waits until the model is unloaded: running answers end first, within the drain limit. The next request for it
loads it again.`,
  flags: CHANGE_FLAGS,
  args: { model: MODEL },
  examples: ['multiplexer unload qwen3-coder-local'],
  async run({ flags, args }, io) {
    const slot = await changeSlot('unload', args.model, flags, io);
    io.terminal.out(flags.json ? json(slot) : `${printable(args.model)} is unloaded\n`);
    return EXIT.ok;
  },
});
