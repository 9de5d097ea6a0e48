/** The verb `serves adopt`: makes model servers anew that were made by hand, so that they are as declared. */
import { command } from '#cli/command';
import { CliError, EXIT, printable } from '#cli/output';
import { checkUpFlags, UP_FLAGS, upAndTell } from '#cli/serves-up';
import { MANIFEST_FLAGS, NAMES, openServes, selectionOf } from '#cli/serves-world';

export default command({
  details: `The same as \`serves up --recreate\`: the container is removed, whoever made it, and made again as declared.`,
  flags: { ...MANIFEST_FLAGS, ...UP_FLAGS },
  args: { name: NAMES },
  examples: ['serves adopt heavy', 'serves adopt heavy --dry-run'],
  async run({ flags, args }, io) {
    checkUpFlags(flags);
    await using opened = await openServes(flags.manifest, io);
    const { serves } = await selectionOf(opened, args.name, { mode: undefined, byDefault: true }, io);
    if (serves.length === 0) throw new CliError(`${opened.manifest.path} declares no serve for that`, EXIT.failed);
    const names = serves.map(({ name }) => name).join(', ');
    io.terminal.err(`${printable(`adopting ${names}: removed and made anew, as ${opened.manifest.path} declares`)}\n`);
    return await upAndTell(serves, true, flags, opened, io);
  },
});
