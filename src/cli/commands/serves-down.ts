/** The verb `serves down`: stops model servers, and keeps their containers. */
import { command } from '#cli/command';
import { CliError, EXIT } from '#cli/output';
import { finish } from '#cli/serves-text';
import { MANIFEST_FLAGS, NAMES, openServes, selectionOf } from '#cli/serves-world';
import { takeDown } from '#ops/serves/down';

export default command({
  details: `Without a name all serves are stopped, of every mode unless --mode says. Their containers stay, with what
they wrote; \`serves rm\` removes them.`,
  flags: {
    ...MANIFEST_FLAGS,
    mode: { kind: 'text', value: 'MODE', help: 'Only serves of this mode: agentic or flexibility' },
    'dry-run': { kind: 'switch', help: 'Show what would be done' },
    json: { kind: 'switch', help: 'Print the outcome as JSON' },
  },
  args: { name: NAMES },
  examples: ['serves down', 'serves down heavy --dry-run'],
  async run({ flags, args }, io) {
    await using opened = await openServes(flags.manifest, io);
    const { serves } = await selectionOf(opened, args.name, { mode: flags.mode, byDefault: false }, io);
    if (serves.length === 0) throw new CliError(`${opened.manifest.path} declares no serve for that`, EXIT.failed);
    const outcomes = await takeDown(serves, flags['dry-run'], opened.world);
    return finish(outcomes, flags.json, opened.scrub, io);
  },
});
