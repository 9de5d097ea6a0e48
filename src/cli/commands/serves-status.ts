/** The verb `serves status`: how model servers stand, against what is declared. */
import { command } from '#cli/command';
import { EXIT, json } from '#cli/output';
import { statusText } from '#cli/serves-text';
import { MANIFEST_FLAGS, NAMES, openServes, selectionOf } from '#cli/serves-world';
import { reportStatus } from '#ops/serves/status';

export default command({
  details: `DOCKER is the state of the container, HEALTH the status of the health path, MODEL what the serve lists,
DRIFT whether what runs differs from what is declared: the model, the compose service, the image. Of a
serve that does not run nothing is asked. Nothing is changed.`,
  flags: {
    ...MANIFEST_FLAGS,
    mode: { kind: 'text', value: 'MODE', help: 'Only serves of this mode: agentic or flexibility' },
    check: { kind: 'switch', help: 'Exit 1 unless every serve shown runs, is healthy and serves its model' },
    json: { kind: 'switch', help: 'Print the state as JSON' },
  },
  args: { name: NAMES },
  examples: ['serves status', 'serves status heavy --check', 'serves status --mode agentic --json'],
  async run({ flags, args }, io) {
    await using opened = await openServes(flags.manifest, io);
    const { serves } = await selectionOf(opened, args.name, { mode: flags.mode, byDefault: false }, io);
    const report = await reportStatus(serves, opened.world);
    io.terminal.out(flags.json ? json(report) : statusText(report, io.style));
    return flags.check && report.serves.some(({ well }) => !well) ? EXIT.failed : EXIT.ok;
  },
});
