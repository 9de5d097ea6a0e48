/** The verb `harness env`: the configuration of a coding harness for this router, printed or merged into its files. */
import { command } from '#cli/command';
import { harnessFacts } from '#cli/harness-facts';
import { dryRunText, planJson, planText, writtenText } from '#cli/harness-text';
import { CliError, EXIT, json } from '#cli/output';
import { DEFAULT_URL } from '#cli/router-client';
import { HARNESS_NAMES, HARNESSES } from '#ops/harness-env/harnesses';
import { mergeFiles, writeFiles } from '#ops/harness-env/merge';

export default command({
  details: `Presets and limits come from the configuration of --config, --mode, ANVIL_CONFIG or ANVIL_MODE, else from
the router at --url. The key is named, never written. With --write the harness's own files are
changed: what is there stays, a copy is kept beside each, and a file that cannot be read is left alone.`,
  flags: {
    url: {
      kind: 'text',
      value: 'URL',
      help: 'Address of the router, as the harness shall use it',
      default: DEFAULT_URL,
    },
    config: { kind: 'text', value: 'PATH', help: 'Take presets and limits from this configuration' },
    mode: { kind: 'text', value: 'MODE', help: 'Take them from the file of this mode: agentic or flexibility' },
    'key-env': { kind: 'text', value: 'NAME', help: 'Variable that holds the access token' },
    write: { kind: 'switch', help: "Merge into the harness's own files" },
    'dry-run': { kind: 'switch', help: 'Show what --write would change' },
    json: { kind: 'switch', help: 'Print the outcome as JSON' },
  },
  args: { harness: { help: 'Which harness', choices: HARNESS_NAMES } },
  examples: [
    'harness env codex',
    'harness env claude-code --url http://127.0.0.1:9000 --dry-run',
    'harness env pi --write',
  ],
  async run({ flags, args }, io) {
    const { terminal, effects } = io;
    const facts = await harnessFacts(flags, io);
    const plan = HARNESSES[args.harness](facts);
    if (!flags.write && !flags['dry-run']) {
      terminal.out(flags.json ? json(planJson(args.harness, plan, facts)) : planText(plan, facts));
      return EXIT.ok;
    }
    if (plan.notWritten !== undefined) throw new CliError(plan.notWritten, EXIT.usage);
    const merge = await mergeFiles(plan.files, effects);
    if (!merge.ok) {
      const remedy = `correct the file, or add by hand what \`harness env ${args.harness}\` prints; nothing was changed`;
      throw new CliError(`${merge.path}: ${merge.problem} — ${remedy}`, EXIT.failed);
    }
    if (flags['dry-run']) {
      terminal.out(
        flags.json
          ? json({ changed: merge.files.filter(({ changed }) => changed).map(({ path }) => path) })
          : dryRunText(merge.files),
      );
      return EXIT.ok;
    }
    const written = await writeFiles(merge.files, effects);
    const kept = merge.files.flatMap((file) => file.kept.map((key) => ({ path: file.path, key })));
    terminal.out(flags.json ? json({ written, kept }) : writtenText(plan, written, kept));
    return EXIT.ok;
  },
});
