/** A router in a process of its own, as a person starts it: known by what it logs, ended by a signal. */

export interface ServingProcess extends AsyncDisposable {
  readonly url: string;
  /** Everything it logged until now. */
  log(): string;
  /** Sends the signal and waits for the exit code. */
  end(signal: 'SIGTERM' | 'SIGINT'): Promise<number>;
}

/** A router that never listens is killed then, and the test fails. */
const HANG_MS = 30_000;

/** Runs `serve` with these flags on a free port, and waits until it listens. `program` is the start of the command. */
export const startServing = async (
  flags: readonly string[],
  program: readonly string[] = [process.execPath, Bun.fileURLToPath(new URL('../../src/main.ts', import.meta.url))],
): Promise<ServingProcess> => {
  const child = Bun.spawn([...program, 'serve', '--port', '0', '--log-format', 'json', ...flags], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  });
  const guard = setTimeout(() => child.kill('SIGKILL'), HANG_MS);
  const decoder = new TextDecoder();
  const listening = Promise.withResolvers<string>();
  let logged = '';
  const reading = (async () => {
    for await (const chunk of child.stderr) {
      logged += decoder.decode(chunk, { stream: true });
      const url = /"url":"(http:[^"]+)"[^\n]*"listening"/.exec(logged)?.[1];
      if (url !== undefined) listening.resolve(url);
    }
    listening.reject(new Error(`the router ended before it listened:\n${logged}`));
  })();
  const url = await listening.promise.finally(() => clearTimeout(guard));
  const end = async (signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number> => {
    child.kill(signal);
    const code = await child.exited;
    await reading;
    return code;
  };
  return {
    url,
    log: () => logged,
    end,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
    },
  };
};
