/** The verb `explain`: the story of one decision. */
import { command } from '#cli/command';
import { openDecisionSource, SOURCE_DETAILS, SOURCE_FLAGS } from '#cli/decision-source';
import { CliError, EXIT, json, printable } from '#cli/output';
import { explain } from '#core/explain';

export default command({
  details: `The id is in the x-anvil-decision header of every answer; "latest" is the newest one.
${SOURCE_DETAILS}`,
  flags: {
    json: { kind: 'switch', help: 'Print the record as JSON, with its story' },
    ...SOURCE_FLAGS,
  },
  args: { id: { help: 'Id of the decision, or "latest"' } },
  examples: ['explain latest', 'explain dec_27f8649bdef043dbb8a7899f --url http://127.0.0.1:8000'],
  async run({ flags, args }, io) {
    const source = await openDecisionSource(flags, io);
    try {
      const record = args.id === 'latest' ? (await source.list({ limit: 1 })).records[0] : await source.get(args.id);
      if (record === undefined) {
        const what = args.id === 'latest' ? 'there is no decision yet' : `there is no decision ${printable(args.id)}`;
        throw new CliError(`${what} — \`anvil-serving decisions\` lists them`, EXIT.failed);
      }
      const story = explain(record);
      io.terminal.out(flags.json ? json({ record, story }) : `${story.map(printable).join('\n')}\n`);
      return EXIT.ok;
    } finally {
      source.close();
    }
  },
});
