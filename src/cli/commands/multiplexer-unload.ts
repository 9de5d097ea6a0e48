/** The verb `multiplexer unload`: a model gives up its place, once the answers it gives have ended. */
import { command } from '#cli/command';
import { CLIENT_FLAGS, changeSlot } from '#cli/multiplexer-client';
import { EXIT, json, printable } from '#cli/output';

export default command({
  details: `Waits until the model is unloaded: running answers end first, within the drain limit. The next request for it
loads it again.`,
  flags: {
    'timeout-seconds': {
      kind: 'integer',
      value: 'N',
      min: 1,
      max: 86_400,
      default: 1800,
      help: 'Longest wait; the change goes on behind it',
    },
    json: { kind: 'switch', help: "Print the model's slot as JSON" },
    ...CLIENT_FLAGS,
  },
  args: { model: { help: 'Name of the model in the registry' } },
  examples: ['multiplexer unload qwen3-coder-local'],
  async run({ flags, args }, io) {
    const slot = await changeSlot('unload', args.model, flags['timeout-seconds'] * 1_000, flags, io);
    io.terminal.out(flags.json ? json(slot) : `${printable(args.model)} is unloaded\n`);
    return EXIT.ok;
  },
});
