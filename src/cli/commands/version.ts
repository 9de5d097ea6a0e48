/** The verb `version`: this program and the runtime it was built on. */
import { command } from '#cli/command';
import { PROGRAM } from '#cli/help';
import { EXIT, json } from '#cli/output';
import { VERSION } from '#core/version';
import { runtimeInfo } from '#platform/runtime';

export default command({
  flags: { json: { kind: 'switch', help: 'Print JSON' } },
  args: {},
  run({ flags }, io) {
    const { bun, platform } = runtimeInfo();
    io.terminal.out(
      flags.json ? json({ version: VERSION, bun, platform }) : `${PROGRAM} ${VERSION} (Bun ${bun}, ${platform})\n`,
    );
    return EXIT.ok;
  },
});
