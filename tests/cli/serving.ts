/** A router, or a multiplexer, in a process of its own, as a person starts it: known by what it logs, ended by a signal. */

type Signal = 'SIGTERM' | 'SIGINT' | 'SIGKILL';

export interface ServingProcess extends AsyncDisposable {
  readonly url: string;
  /** Everything it logged until now. */
  log(): string;
  /** Resolves once the log holds this text. Rejects when the process ends before. */
  logged(text: string): Promise<void>;
  send(signal: Signal): void;
  /** Sends the signal and waits for the exit code. */
  end(signal: Signal): Promise<number>;
}

/** A router that never listens is killed then, and the test fails. */
const HANG_MS = 30_000;

export const PROGRAM = [process.execPath, Bun.fileURLToPath(new URL('../../src/main.ts', import.meta.url))] as const;

/** Runs a verb with these flags on a free port, and waits until it listens. `program` is the start of the command. */
export const startServing = async (
  flags: readonly string[],
  program: readonly string[] = PROGRAM,
  verb: 'serve' | 'multiplexer' = 'serve',
): Promise<ServingProcess> => {
  const child = Bun.spawn([...program, verb, '--port', '0', '--log-format', 'json', ...flags], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  });
  const guard = setTimeout(() => child.kill('SIGKILL'), HANG_MS);
  const decoder = new TextDecoder();
  const listening = Promise.withResolvers<string>();
  let logged = '';
  let more = Promise.withResolvers<boolean>();
  const reading = (async () => {
    for await (const chunk of child.stderr) {
      logged += decoder.decode(chunk, { stream: true });
      const url = /"url":"(http:[^"]+)"[^\n]*"listening"/.exec(logged)?.[1];
      if (url !== undefined) listening.resolve(url);
      more.resolve(true);
      more = Promise.withResolvers();
    }
    more.resolve(false);
    listening.reject(new Error(`the router ended before it listened:\n${logged}`));
  })();
  const url = await listening.promise.finally(() => clearTimeout(guard));
  const end = async (signal: Signal): Promise<number> => {
    child.kill(signal);
    const code = await child.exited;
    await reading;
    return code;
  };
  return {
    url,
    log: () => logged,
    async logged(text) {
      while (!logged.includes(text))
        if (!(await more.promise)) throw new Error(`it ended before it logged ${JSON.stringify(text)}:\n${logged}`);
    },
    send: (signal) => child.kill(signal),
    end,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
    },
  };
};
