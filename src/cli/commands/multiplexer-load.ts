/** The verb `multiplexer load`: a model is loaded before anybody asks for it. */
import { command } from '#cli/command';
import { CLIENT_FLAGS, changeSlot } from '#cli/multiplexer-client';
import { EXIT, json, printable } from '#cli/output';

export default command({
  details: `Waits until the model is ready. It takes its turn like a request: others drain first, a pinned one stays.
When it cannot be loaded the last lines of its server are shown.`,
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
  examples: ['multiplexer load qwen3-coder-local'],
  async run({ flags, args }, io) {
    const slot = await changeSlot('load', args.model, flags['timeout-seconds'] * 1_000, flags, io);
    io.terminal.out(flags.json ? json(slot) : `${printable(args.model)} is ready\n`);
    return EXIT.ok;
  },
});
