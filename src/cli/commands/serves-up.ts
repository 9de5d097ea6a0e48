/** The verb `serves up`: brings model servers up as they are declared. */
import { command } from '#cli/command';
import type { Io } from '#cli/io';
import { CliError, EXIT, type ExitCode, printable } from '#cli/output';
import { finish } from '#cli/serves-text';
import { checkUpFlags, UP_FLAGS, type UpFlags, upAndTell } from '#cli/serves-up';
import { MANIFEST_FLAGS, NAMES, type OpenedServes, openServes, selectionOf } from '#cli/serves-world';
import type { Mode } from '#config/schema';
import type { DeclaredServe } from '#config/serves';
import { createScrubber } from '#core/redact';
import { upComposeFile } from '#ops/serves/compose-file';
import { hasFailed, type Outcome } from '#ops/serves/outcome';
import { makeRoom } from '#ops/serves/rivals';
import type { ChosenMode, Selection } from '#ops/serves/select';
import { createCommands } from '#platform/commands';
import { onLeave } from '#platform/signals';

interface Flags extends UpFlags {
  readonly recreate: boolean;
  readonly compose: string | undefined;
  readonly mode: string | undefined;
  readonly switch: boolean;
}

/** Without a manifest there is nothing to recreate, to wait for, or to choose by mode. */
const upWithoutManifest = async (
  file: string,
  services: readonly string[],
  flags: Flags,
  io: Io,
): Promise<ExitCode> => {
  const others = (['recreate', 'wait', 'mode', 'switch'] as const).filter((name) => Boolean(flags[name]));
  if (others.length > 0) {
    const named = others.map((name) => `--${name}`).join(' and ');
    throw new CliError(`--compose knows no manifest, so it goes without ${named}`, EXIT.usage);
  }
  const leaving = new AbortController();
  const stopListening = onLeave(() => leaving.abort());
  try {
    const world = { commands: createCommands(), signal: leaving.signal, tell: () => undefined };
    const done = await upComposeFile(file, services, flags['dry-run'], world);
    return finish([done], flags.json, createScrubber(), io);
  } finally {
    stopListening();
  }
};

const tellMode = ({ leftOut, chosen }: Selection & { readonly chosen: ChosenMode | undefined }, io: Io): void => {
  if (chosen === undefined || leftOut.length === 0) return;
  const names = leftOut.map(({ name }) => name).join(', ');
  io.terminal.err(`${printable(`mode ${chosen.mode} (${chosen.from}) leaves out ${names}`)}\n`);
};

/** Stops what stands in the way, or says that it does. */
const roomFor = async (
  serves: readonly DeclaredServe[],
  mode: Mode,
  flags: Flags,
  { manifest, world }: OpenedServes,
  { terminal, errStyle }: Io,
): Promise<readonly Outcome[]> => {
  const options = { switching: flags.switch, dryRun: flags['dry-run'] };
  const { staying, stopped } = await makeRoom(serves, manifest, mode, options, world);
  for (const { rival, shares } of staying) {
    const said = `${rival.name} is not of mode ${mode}, runs, and shares ${shares} — --switch stops it first`;
    terminal.err(`${errStyle.warn('warning')} ${printable(said)}\n`);
  }
  return stopped;
};

export default command({
  details: `Compose serves are brought up every time, which makes them as declared; others only when they do not run.
Only serves that are named are touched, or all of the mode without a name. The mode is --mode, else
ANVIL_MODE, else the [modes] table of the manifest or of ANVIL_MODES_CONFIG; without any, all serves are
meant. The router has no part in it: starting or reloading it never touches a serve.`,
  flags: {
    ...MANIFEST_FLAGS,
    recreate: { kind: 'switch', help: 'Remove what is there and make it anew' },
    ...UP_FLAGS,
    mode: { kind: 'text', value: 'MODE', help: 'Only serves of this mode: agentic or flexibility' },
    switch: { kind: 'switch', help: 'First stop serves of the other mode that share a port or a GPU' },
    compose: { kind: 'text', value: 'PATH', help: 'Bring up services of this compose file, without a manifest' },
  },
  args: { name: NAMES },
  examples: [
    'serves up',
    'serves up heavy --wait --timeout-seconds 900',
    'serves up --mode flexibility --switch --dry-run',
    'serves up --compose docker-compose.yml vllm',
  ],
  async run({ flags, args }, io) {
    checkUpFlags(flags);
    if (flags.compose !== undefined) return upWithoutManifest(flags.compose, args.name, flags, io);
    await using opened = await openServes(flags.manifest, io);
    const selection = await selectionOf(opened, args.name, { mode: flags.mode, byDefault: true }, io);
    const { serves, chosen } = selection;
    if (flags.switch && chosen === undefined) {
      throw new CliError('--switch changes to a mode, and none is chosen — give --mode', EXIT.usage);
    }
    if (serves.length === 0) throw new CliError(`${opened.manifest.path} declares no serve for that`, EXIT.failed);
    tellMode(selection, io);
    const stopped = chosen === undefined ? [] : await roomFor(serves, chosen.mode, flags, opened, io);
    if (stopped.some(hasFailed)) {
      io.terminal.err('nothing is brought up, since there is no room\n');
      return finish(stopped, flags.json, opened.scrub, io);
    }
    return await upAndTell(serves, flags.recreate, flags, opened, io, stopped);
  },
});
