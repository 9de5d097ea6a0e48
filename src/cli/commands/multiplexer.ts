/** The verb `multiplexer`: several models behind one address, swapped on demand; stays until it has stopped. */

import { command } from '#cli/command';
import type { Io } from '#cli/io';
import { tellLimits } from '#cli/limits';
import { LOG_FLAGS } from '#cli/log-flags';
import { CliError, EXIT, type ExitCode, json, table } from '#cli/output';
import { expandHome, pathFrom } from '#config/paths';
import { workingFolder } from '#platform/runtime';
import type { MultiplexerServeOptions } from '#server/multiplexer/start';

export default command({
  details: `Reads a registry of models (multiplexer.toml, or v0.9's JSON), runs their servers when they are asked for,
and answers for all of them on one address: /v1/models, chat/completions, completions, messages,
responses, embeddings. A model makes room for another when the answers it gives have ended.
Other routes: /healthz, /readyz, /metrics, /v1/slots, /v1/slots/events, POST /v1/slots/MODEL/load
and /unload.

SIGTERM and SIGINT let running answers end within the drain limit and stop all servers; it ends with 1 when
answers were cut or servers are left behind. A second one cuts them; a third leaves at once, and what still
runs is found by the next start. SIGHUP changes nothing, since a registry is read at the start only.

--self-check looks at the registry, Docker, GPUs, images, programs, ports and who may connect, and
starts nothing.
See also: multiplexer status, multiplexer load MODEL, multiplexer unload MODEL.`,
  flags: {
    registry: {
      kind: 'text',
      value: 'PATH',
      help: 'Registry of models; else ./multiplexer.toml, else ./multiplexer.json',
    },
    host: { kind: 'text', value: 'HOST', help: 'Address to listen on', default: '127.0.0.1' },
    port: { kind: 'integer', value: 'PORT', min: 0, max: 65_535, default: 8001, help: 'Port; 0 takes any free one' },
    'ram-cap-gb': { kind: 'text', value: 'GIB', help: 'Host memory that models may take, over the registry' },
    'drain-timeout': {
      kind: 'text',
      value: 'SECONDS',
      help: 'Longest wait for answers before a swap cuts them, over the registry; 0: at once',
    },
    'auth-env': { kind: 'text', value: 'NAME', help: 'Variable with the token that callers must send' },
    'allow-public-without-auth': { kind: 'switch', help: 'Listen on other addresses than loopback without a token' },
    'keep-serves': { kind: 'switch', help: 'Leave servers running at the end, for the next start to take over' },
    'state-dir': {
      kind: 'text',
      value: 'PATH',
      help: 'Folder of state and logs; else .anvil/multiplexer by the registry',
    },
    'self-check': { kind: 'switch', help: 'Say whether all of it would work here, and stop' },
    json: { kind: 'switch', help: 'Print the self-check as JSON' },
    ...LOG_FLAGS,
  },
  args: {},
  examples: [
    'multiplexer --registry multiplexer.toml --self-check',
    'multiplexer --registry multiplexer.toml --port 9001 --drain-timeout 60',
    'multiplexer --host 0.0.0.0 --auth-env ANVIL_MULTIPLEXER_TOKEN',
  ],
  async run({ flags }, io) {
    const stateFolder = flags['state-dir'] === undefined ? undefined : absolute(flags['state-dir'], io);
    const asked = {
      registry: flags.registry,
      host: flags.host,
      port: flags.port,
      authEnv: flags['auth-env'],
      allowPublicWithoutAuth: flags['allow-public-without-auth'],
      stateFolder,
      drainTimeoutSeconds: numberOf('drain-timeout', flags['drain-timeout']),
      ramCapGb: numberOf('ram-cap-gb', flags['ram-cap-gb']),
    };
    if (flags['self-check']) return selfCheckText(asked, flags.json, io);
    if (flags.json) throw new CliError('--json prints the self-check; give --self-check as well', EXIT.usage);
    tellLimits(io, 'multiplexer');
    const { startMultiplexer } = await import('#server/multiplexer/start');
    const running = await startMultiplexer({
      ...asked,
      keepServes: flags['keep-serves'],
      logLevel: flags['log-level'],
      logFormat: flags['log-format'] ?? (io.terminal.errIsTty ? 'pretty' : 'json'),
    });
    return (await running.done) === EXIT.ok ? EXIT.ok : EXIT.failed;
  },
});

const absolute = (path: string, { effects }: Io): string => pathFrom(workingFolder(), expandHome(path, effects.env));

/** v0.9 took fractions; what range is sensible the registry knows. */
const numberOf = (flag: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new CliError(`--${flag} ${text} is not a number`, EXIT.usage);
  return value;
};

/** Of several problems in one file each has lines of its own. */
const inOneRow = (text: string): string => text.replaceAll(/\s*\n\s*/g, '; ');

type Asked = Omit<MultiplexerServeOptions, 'keepServes' | 'logLevel' | 'logFormat'>;

const selfCheckText = async (asked: Asked, asJson: boolean, io: Io): Promise<ExitCode> => {
  const { terminal, style, errStyle, effects } = io;
  const { findRegistry } = await import('#server/multiplexer/find-registry');
  const { selfCheck } = await import('#server/multiplexer/self-check');
  const registryPath = await findRegistry(asked.registry, effects).catch((error: Error) => {
    throw new CliError(error.message, EXIT.usage);
  });
  const lines = await selfCheck({ ...asked, registryPath }, effects);
  const problems = lines.filter(({ ok }) => !ok).length;
  if (asJson) terminal.out(json({ ok: problems === 0, checks: lines }));
  else {
    const rows = lines.map(({ what, ok, detail }) => [ok ? 'ok' : 'problem', what, inOneRow(detail)]);
    terminal.out(
      table(['RESULT', 'WHAT', 'DETAIL'], rows, (text, column, row) => {
        if (row < 0) return style.bold(text);
        if (column !== 0) return text;
        return text === 'ok' ? style.good(text) : style.bad(text);
      }),
    );
    if (problems === 0) terminal.out('self-check OK\n');
    else terminal.err(`${errStyle.bad(`self-check found ${problems} problem${problems === 1 ? '' : 's'}`)}\n`);
  }
  return problems === 0 ? EXIT.ok : EXIT.failed;
};
