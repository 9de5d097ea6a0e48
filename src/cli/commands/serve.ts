/** The verb `serve`: starts the router and stays until it has stopped. */

import { command } from '#cli/command';
import { tellLimits } from '#cli/limits';
import { LOG_FLAGS } from '#cli/log-flags';
import { CliError, EXIT, type ExitCode } from '#cli/output';

export default command({
  details: `The configuration is the file of --config, else that of --mode, else of ANVIL_CONFIG, else of
ANVIL_MODE. Without any, engines on this machine are looked for (Ollama, LM Studio, llama.cpp,
vLLM, SGLang) and routed between. SIGHUP and a change of the file reload it; SIGTERM and SIGINT
finish what is running, a second one stops at once.`,
  flags: {
    config: { kind: 'text', value: 'PATH', help: 'Configuration file' },
    mode: { kind: 'text', value: 'MODE', help: 'Use the file of this mode: agentic or flexibility' },
    host: { kind: 'text', value: 'HOST', help: 'Address to listen on', default: '127.0.0.1' },
    port: { kind: 'integer', value: 'PORT', min: 0, max: 65_535, default: 8000, help: 'Port; 0 takes any free one' },
    demo: { kind: 'switch', help: 'Route between two built-in scripted tiers, to see it work' },
    ...LOG_FLAGS,
    'print-config': { kind: 'switch', help: 'Print the configuration that would be used, and stop' },
  },
  args: {},
  examples: ['serve --demo', 'serve --config anvil.toml --port 9000'],
  async run({ flags }, io) {
    if (flags.demo && (flags.config !== undefined || flags.mode !== undefined)) {
      throw new CliError('--demo brings its own configuration; leave out --config and --mode', EXIT.usage);
    }
    if (flags['print-config']) {
      const { describeConfig } = await import('#cli/print-config');
      io.terminal.out(await describeConfig(flags, io));
      return EXIT.ok;
    }
    tellLimits(io, 'serve');
    const { startServer } = await import('#server/start');
    const running = await startServer({
      ...(flags.config === undefined ? {} : { config: flags.config }),
      ...(flags.mode === undefined ? {} : { mode: flags.mode }),
      host: flags.host,
      port: flags.port,
      demo: flags.demo,
      logLevel: flags['log-level'],
      logFormat: flags['log-format'] ?? (io.terminal.errIsTty ? 'pretty' : 'json'),
    });
    return exitOf(await running.done);
  },
});

const exitOf = (code: number): ExitCode => (code === EXIT.ok || code === EXIT.usage ? code : EXIT.failed);
