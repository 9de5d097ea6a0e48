/** The verb `serves rm`: removes containers of model servers, running or not. */
import { command } from '#cli/command';
import { CliError, EXIT } from '#cli/output';
import { finish } from '#cli/serves-text';
import { MANIFEST_FLAGS, NAMES, openServes } from '#cli/serves-world';
import { removalTargets, removeAll } from '#ops/serves/down';

export default command({
  details: `Each name means one serve, or else a container of that name. A container that is not there is no failure.
Named volumes stay; what a container wrote into itself is lost.`,
  flags: {
    ...MANIFEST_FLAGS,
    'dry-run': { kind: 'switch', help: 'Show what would be done' },
    json: { kind: 'switch', help: 'Print the outcome as JSON' },
  },
  args: { name: NAMES },
  examples: ['serves rm heavy', 'serves rm old-container --dry-run'],
  async run({ flags, args }, io) {
    if (args.name.length === 0) throw new CliError('name what is to be removed: a serve or a container', EXIT.failed);
    await using opened = await openServes(flags.manifest, io);
    const found = removalTargets(args.name, opened.manifest);
    if ('problem' in found) throw new CliError(found.problem, EXIT.failed);
    const outcomes = await removeAll(found.targets, flags['dry-run'], opened.world);
    return finish(outcomes, flags.json, opened.scrub, io);
  },
});
