/** How does a shell learn the verbs and flags? Three scripts from the one table. */
import type { Command, FlagSpec } from '#cli/command';
import { HELP_FLAG, PROGRAM } from '#cli/help';

export interface VerbDescription {
  readonly name: string;
  readonly summary: string;
  readonly command: Command;
}

type Verbs = readonly VerbDescription[];
export type Shell = 'bash' | 'zsh' | 'fish';

export const renderCompletion = (shell: Shell, verbs: Verbs): string => RENDERERS[shell](verbs);

/** Flags of a verb, with the one that all have. */
const flagsOf = ({ command }: VerbDescription): readonly (readonly [name: string, spec: FlagSpec])[] => [
  ...Object.entries(command.flags),
  ['help', HELP_FLAG],
];

const takesPath = (spec: FlagSpec): boolean => spec.kind === 'text' && spec.value === 'PATH';
const argumentChoices = ({ command }: VerbDescription): readonly string[] =>
  Object.values(command.args)[0]?.choices ?? [];

/** First words, each once, with what follows: verbs of two words share their noun. */
const nounsOf = (verbs: Verbs): ReadonlyMap<string, readonly VerbDescription[]> =>
  Map.groupBy(verbs, ({ name }) => name.split(' ')[0] ?? name);
const isPair = ({ name }: VerbDescription): boolean => name.includes(' ');
/** The verb that a noun alone is, where it is one. */
const verbOfNoun = (noun: string, group: Verbs): VerbDescription | undefined => group.find(({ name }) => name === noun);
const secondWord = ({ name }: VerbDescription): string => name.split(' ')[1] ?? '';

/** One word for a POSIX-like shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const bashValues = (verbs: Verbs): readonly string[] =>
  verbs.flatMap((verb) =>
    flagsOf(verb).flatMap(([flag, spec]) => {
      if (spec.kind === 'switch') return [];
      const pattern = quoted(`${verb.name} --${flag}`);
      if (takesPath(spec)) return [`    ${pattern}) compopt -o default 2>/dev/null; return ;;`];
      const choices = spec.kind === 'choice' ? spec.choices.join(' ') : '';
      return [`    ${pattern}) COMPREPLY=($(compgen -W ${quoted(choices)} -- "$current")); return ;;`];
    }),
  );

const bashWords = (verbs: Verbs): readonly string[] => [
  ...[...nounsOf(verbs)]
    .filter(([, group]) => group.some(isPair))
    .map(([noun, group]) => {
      const own = verbOfNoun(noun, group);
      const flags = own === undefined ? ['--help'] : bashFlags(own);
      return `    ${quoted(noun)}) words=${quoted([...group.filter(isPair).map(secondWord), ...flags].join(' '))} ;;`;
    }),
  ...verbs
    .filter(({ name }) => nounsOf(verbs).get(name)?.some(isPair) !== true)
    .map((verb) => {
      const words = [...argumentChoices(verb), ...bashFlags(verb)];
      return `    ${quoted(verb.name)}) words=${quoted(words.join(' '))} ;;`;
    }),
];

const bashFlags = (verb: VerbDescription): readonly string[] => flagsOf(verb).map(([flag]) => `--${flag}`);

const bash = (verbs: Verbs): string => `# bash completion for ${PROGRAM}, written by \`${PROGRAM} completion bash\`
_anvil_serving() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local verb="\${COMP_WORDS[1]}" words=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=${quoted([...nounsOf(verbs).keys(), 'help', '--help', '--version'].join(' '))}
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  fi
  if [ "$COMP_CWORD" -gt 2 ]; then
    case "$verb \${COMP_WORDS[2]}" in
      ${[...verbs.filter(isPair).map(({ name }) => quoted(name)), quoted('-')].join('|')}) verb="$verb \${COMP_WORDS[2]}" ;;
    esac
  fi
  case "$verb $previous" in
${bashValues(verbs).join('\n')}
  esac
  case "$verb" in
${bashWords(verbs).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _anvil_serving ${PROGRAM}
`;

/** Text inside an \`_arguments\` specification, where brackets and colons mean something. */
const zshText = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&');

const zshFlag = ([flag, spec]: readonly [string, FlagSpec]): string => {
  const help = `[${zshText(spec.help)}]`;
  if (spec.kind === 'switch') return quoted(`--${flag}${help}`);
  if (spec.kind === 'choice') return quoted(`--${flag}=${help}:${flag}:(${spec.choices.join(' ')})`);
  return quoted(`--${flag}=${help}:${spec.value}:${takesPath(spec) ? '_files' : ' '}`);
};

const zshVerb = (verb: VerbDescription): string => {
  const args = Object.entries(verb.command.args).map(([name, { choices, many }]) =>
    quoted(`${many === true ? '*' : ''}:${name}:${choices === undefined ? ' ' : `(${choices.join(' ')})`}`),
  );
  return `    ${quoted(verb.name)}) _arguments ${[...args, ...flagsOf(verb).map(zshFlag)].join(' ')} ;;`;
};

const zshList = (name: string, rows: readonly (readonly [word: string, help: string])[]): string =>
  `local -a ${name}=(${rows.map(([word, help]) => quoted(`${zshText(word)}:${help}`)).join(' ')})`;

/** Offers the second words; a noun that is a verb itself goes on with its own flags. */
const zshNoun = (noun: string, group: Verbs): string => {
  const rows = group.filter(isPair).map((verb) => [secondWord(verb), verb.summary] as const);
  const isVerb = verbOfNoun(noun, group) !== undefined;
  return `    ${quoted(noun)})
      ${zshList('seconds', rows)}
      if (( CURRENT == 3 )); then
        _describe verb seconds
        ${isVerb ? ':' : 'return'}
      ${isVerb ? 'elif [[ "$words[3]" != -* ]]; then' : 'fi'}
      ${isVerb ? '  ' : ''}verb="$verb $words[3]"
      ${isVerb ? '  ' : ''}shift words
      ${isVerb ? '  ' : ''}(( CURRENT-- ))${isVerb ? '\n      fi' : ''} ;;`;
};

const zsh = (verbs: Verbs): string => {
  const nouns = [...nounsOf(verbs)].filter(([, group]) => group.some(isPair));
  const first = [...nounsOf(verbs)].map(([noun, group]) => [noun, group[0]?.summary ?? ''] as const);
  return `#compdef ${PROGRAM}
# zsh completion for ${PROGRAM}, written by \`${PROGRAM} completion zsh\`
_anvil-serving() {
  ${zshList('verbs', first)}
  if (( CURRENT == 2 )); then
    _describe verb verbs
    return
  fi
  local verb="$words[2]"
  case "$verb" in
${nouns.map(([noun, group]) => zshNoun(noun, group)).join('\n')}
  esac
  shift words
  (( CURRENT-- ))
  case "$verb" in
${verbs.map(zshVerb).join('\n')}
  esac
}
if [ "$funcstack[1]" = _anvil-serving ]; then
  _anvil-serving "$@"
else
  compdef _anvil-serving ${PROGRAM}
fi
`;
};

/** One word for fish, whose single quotes know two escapes. */
const fishQuoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** Its words are there, and none that makes it another verb. */
const fishSeen = (verb: VerbDescription, verbs: Verbs): string => {
  const seconds = isPair(verb) ? [] : (nounsOf(verbs).get(verb.name) ?? []).filter(isPair).map(secondWord);
  return [
    ...verb.name.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`),
    ...(seconds.length === 0 ? [] : [`not __fish_seen_subcommand_from ${seconds.join(' ')}`]),
  ].join('; and ');
};

const fishFlag = (verb: VerbDescription, [flag, spec]: readonly [string, FlagSpec], verbs: Verbs): string => {
  const value = spec.kind === 'switch' ? '' : takesPath(spec) ? ' -r -F' : ' -x';
  const choices = spec.kind === 'choice' ? ` -a ${fishQuoted(spec.choices.join(' '))}` : '';
  const when = fishQuoted(fishSeen(verb, verbs));
  return `complete -c ${PROGRAM} -n ${when} -l ${flag}${value}${choices} -d ${fishQuoted(spec.help)}`;
};

const fishVerb = (verb: VerbDescription, verbs: Verbs): readonly string[] => {
  const [noun] = verb.name.split(' ');
  const when = isPair(verb)
    ? fishQuoted(`__fish_seen_subcommand_from ${noun}; and not __fish_seen_subcommand_from ${secondWord(verb)}`)
    : '__fish_use_subcommand';
  const word = isPair(verb) ? secondWord(verb) : verb.name;
  const choices = argumentChoices(verb);
  return [
    ...(isPair(verb) ? [`complete -c ${PROGRAM} -n __fish_use_subcommand -a ${noun}`] : []),
    `complete -c ${PROGRAM} -n ${when} -a ${word} -d ${fishQuoted(verb.summary)}`,
    ...(choices.length === 0
      ? []
      : [`complete -c ${PROGRAM} -n ${fishQuoted(fishSeen(verb, verbs))} -a ${fishQuoted(choices.join(' '))}`]),
    ...flagsOf(verb).map((flag) => fishFlag(verb, flag, verbs)),
  ];
};

const fish = (verbs: Verbs): string => `# fish completion for ${PROGRAM}, written by \`${PROGRAM} completion fish\`
complete -c ${PROGRAM} -f
complete -c ${PROGRAM} -n __fish_use_subcommand -l version -d 'Print the version'
complete -c ${PROGRAM} -n __fish_use_subcommand -l help -d 'Show help'
${verbs.flatMap((verb) => fishVerb(verb, verbs)).join('\n')}
`;

const RENDERERS = { bash, zsh, fish } as const satisfies Record<Shell, (verbs: Verbs) => string>;
