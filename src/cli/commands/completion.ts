/** The verb `completion`: a script that teaches a shell every verb and flag. */
import { command } from '#cli/command';
import { EXIT } from '#cli/output';
import { loadVerbs } from '#cli/verbs';

export default command({
  details: `Install it for good:
  bash: anvil-serving completion bash > ~/.local/share/bash-completion/completions/anvil-serving
  zsh:  anvil-serving completion zsh > "\${fpath[1]}/_anvil-serving"
  fish: anvil-serving completion fish > ~/.config/fish/completions/anvil-serving.fish`,
  flags: {},
  args: { shell: { help: 'Which shell', choices: ['bash', 'zsh', 'fish'] } },
  examples: ['completion bash'],
  async run({ args }, io) {
    const { renderCompletion } = await import('#cli/completion');
    io.terminal.out(renderCompletion(args.shell, await loadVerbs()));
    return EXIT.ok;
  },
});
