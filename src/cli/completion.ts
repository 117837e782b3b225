/** Completion scripts for shells, made from commander's own tree of commands. */
import type { CommandTree, TreeOption } from './command/command.ts';

type Level = {
  /** Words that lead here: `logs search`; empty for the root. */
  readonly path: string;
  readonly commands: readonly CommandTree[];
  readonly options: readonly TreeOption[];
  readonly choices: readonly string[];
};

/** Options whose value is a file or a folder. */
const FILES = ['--output', '--data', '--config', '--vkey', '--tls-cert', '--tls-key'];

export const SHELLS: Readonly<Record<string, (tree: CommandTree) => string>> = {
  bash,
  zsh,
  fish,
};

/** The script of a shell; undefined for one that is not known. */
export function completionFor(shell: string, tree: CommandTree): string | undefined {
  return Object.hasOwn(SHELLS, shell) ? SHELLS[shell]?.(tree) : undefined;
}

function bash(tree: CommandTree): string {
  const all = levels(tree);
  const paths = all.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`);
  const words = all.map(({ path, commands, options, choices }) => {
    const here = [...names(commands), ...choices, ...flagsOf(options)].join(' ');
    return `    "${path}") words="${here}" ;;`;
  });
  return `# bash completion for clawctl
_clawctl() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  local path="" word words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "\${path:+$path }$word" in
      ${paths.join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$prev" in
    ${FILES.join('|')}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
${valued(all)
  .map(([flag, choices]) => `    ${flag}) words="${choices.join(' ')}" ;;`)
  .join('\n')}
  esac
  if [ -z "$words" ]; then case "$path" in
${words.join('\n')}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _clawctl clawctl
`;
}

function zsh(tree: CommandTree): string {
  const all = levels(tree);
  const paths = all.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`);
  const cases = all.map(({ path, commands, options, choices }) => {
    const described = [
      ...commands.map(({ name, about }) => entry(name, about)),
      ...choices.map((choice) => quote(choice)),
      ...options.flatMap(({ flags, about }) => flags.map((flag) => entry(flag, about))),
    ];
    return `    "${path}") items=(${described.join(' ')}) ;;`;
  });
  return `#compdef clawctl
_clawctl() {
  local path="" word i
  local -a items
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    case "\${path:+$path }$word" in
      ${paths.join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "\${words[CURRENT-1]}" in
    ${FILES.join('|')}) _files; return ;;
${valued(all)
  .map(([flag, choices]) => `    ${flag}) items=(${choices.map(quote).join(' ')}) ;;`)
  .join('\n')}
  esac
  if (( \${#items} == 0 )); then case "$path" in
${cases.join('\n')}
  esac; fi
  _describe clawctl items
}
if [ "$funcstack[1]" = "_clawctl" ]; then _clawctl "$@"; else compdef _clawctl clawctl; fi
`;
}

function fish(tree: CommandTree): string {
  const all = levels(tree);
  const lines = all.flatMap(({ path, commands, options, choices }) => {
    const here = `-n ${quote(`__clawctl_at ${JSON.stringify(path)}`)}`;
    return [
      ...commands.map(
        ({ name, about }) => `complete -c clawctl ${here} -f -a ${name} -d ${quote(about)}`,
      ),
      ...choices.map((choice) => `complete -c clawctl ${here} -f -a ${quote(choice)}`),
      ...options.map((option) => `complete -c clawctl ${here} ${fishOption(option)}`),
    ];
  });
  const known = all.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  return `# fish completion for clawctl\nfunction __clawctl_at
  set -l path
  for word in (commandline -opc)[2..]
    set -l next (string trim -- "$path $word")
    if contains -- "$next" ${known.join(' ')}
      set path $next
    end
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function fishOption({ flags, about, takesValue, choices }: TreeOption): string {
  const long = flags.find((flag) => flag.startsWith('--'))?.slice(2);
  const short = flags.find((flag) => /^-[^-]/.test(flag))?.slice(1);
  const file = FILES.some((flag) => flags.includes(flag));
  return [
    ...(long ? [`-l ${long}`] : []),
    ...(short ? [`-s ${short}`] : []),
    ...(takesValue ? ['-r'] : []),
    ...(takesValue && !file ? ['-f'] : []),
    ...(choices.length > 0 ? [`-a ${quote(choices.join(' '))}`] : []),
    `-d ${quote(about)}`,
  ].join(' ');
}

function levels(tree: CommandTree): readonly Level[] {
  const walk = (node: CommandTree, path: string): readonly Level[] => [
    {
      path,
      commands: node.commands,
      options: node === tree ? node.options : [...node.options, ...tree.options],
      choices: node.arguments.flatMap(({ choices }) => choices),
    },
    ...node.commands.flatMap((child) => walk(child, path ? `${path} ${child.name}` : child.name)),
  ];
  return walk(tree, '');
}

function valued(all: readonly Level[]): readonly (readonly [string, readonly string[]])[] {
  const found = new Map<string, readonly string[]>();
  for (const { options } of all) {
    for (const { flags, choices } of options) {
      for (const flag of flags) if (choices.length > 0) found.set(flag, choices);
    }
  }
  return [...found];
}

function names(commands: readonly CommandTree[]): readonly string[] {
  return commands.map(({ name }) => name);
}

function flagsOf(options: readonly TreeOption[]): readonly string[] {
  return options.flatMap(({ flags }) => flags);
}

function entry(name: string, about: string): string {
  return quote(`${name}:${about.replaceAll(':', '\\:')}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
