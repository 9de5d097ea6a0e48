/** A process that holds a multiplexer's state file until it is killed. Argument: the path, and
 * `fill` to write more than fits instead. Says `held`, what was remembered, or why not. */
import { createMultiplexerState } from '#store/multiplexer-state';

const [, , path = '', mode] = process.argv;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const state = createMultiplexerState({ path, onProblem: say });
try {
  state.open();
  state.set('from', 'the other process');
  if (mode === 'fill') {
    for (const name of ['one', 'two']) state.set(name, name.repeat(1_000_000));
    state.set('one', undefined);
    say(`${state.get('from')}, ${state.get('one')}, ${state.get('two')?.length}`);
  } else {
    say('held');
    setInterval(() => {}, 60_000);
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
}
