/** The verb `serves logs`: what one model server printed. */
import { command } from '#cli/command';
import { CliError, EXIT } from '#cli/output';
import { logText } from '#cli/serves-text';
import { MANIFEST_FLAGS, NAMES, openServes } from '#cli/serves-world';
import { logsOf, serveOfLogs, sinceSeconds } from '#ops/serves/logs';
import type { LogWish } from '#platform/docker-engine';

/** @throws CliError for words that mean nothing */
const wishOf = (
  { tail, since, follow }: { readonly tail: string; readonly since: string | undefined; readonly follow: boolean },
  now: number,
): LogWish => {
  if (tail !== 'all' && !/^\d{1,9}$/.test(tail)) {
    throw new CliError(`--tail must be a number of lines or all, not "${tail}"`, EXIT.usage);
  }
  const seconds = since === undefined ? undefined : sinceSeconds(since, now);
  if (since !== undefined && seconds === undefined) {
    throw new CliError(`--since must be a time such as 10m or 2026-01-31T12:00:00Z, not "${since}"`, EXIT.usage);
  }
  return {
    follow,
    ...(tail === 'all' ? {} : { tail: Number(tail) }),
    ...(seconds === undefined ? {} : { since: seconds }),
  };
};

export default command({
  details: `Both outputs of the server are passed on, each to its own. With --follow it goes on until the server ends
or you press Ctrl-C.`,
  flags: {
    ...MANIFEST_FLAGS,
    tail: { kind: 'text', value: 'LINES', help: 'Lines from the end, or all', default: '200' },
    since: { kind: 'text', value: 'TIME', help: 'Only from this time on: 10m ago, or a date with time' },
    follow: { kind: 'switch', help: 'Stay, and pass on what comes' },
  },
  args: { name: { ...NAMES, help: 'One serve, by name or container' } },
  examples: ['serves logs heavy', 'serves logs heavy --since 10m --follow'],
  async run({ flags, args }, io) {
    const { terminal, effects } = io;
    await using opened = await openServes(flags.manifest, io);
    const serve = serveOfLogs(args.name, opened.manifest);
    if ('problem' in serve) throw new CliError(serve.problem, serve.exit);
    const wish = wishOf(flags, effects.clock.wall());
    for await (const { stream, text } of logsOf(serve, wish, opened.world)) {
      if (stream === 'err') terminal.err(logText(text, terminal.errIsTty));
      else if (!(await terminal.outNow(logText(text, terminal.outIsTty)))) break;
    }
    return EXIT.ok;
  },
});
