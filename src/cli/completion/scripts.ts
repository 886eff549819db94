import type { Shell } from '../actions.ts';

/** The script for a shell. All of them ask `peerwright __complete`, so that they never know less than the program. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}

/** Bash takes `--name=value` apart where COMP_WORDBREAKS has `=`; the program gets it in one word again. */
const BASH = `# bash completion of peerwright
_peerwright() {
  local line word directive=:4 glue=
  local -a words=()
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ -n $glue || ( $word == = && \${words[-1]-} == --* ) ]]; then
      words[-1]+=$word
      if [[ $word == = ]]; then glue=1; else glue=; fi
    else
      words+=("$word")
    fi
  done
  while IFS= read -r line; do
    case $line in
      :*) directive=$line ;;
      ?*) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]/#~\\//$HOME/}" __complete -- "\${words[@]}" 2>/dev/null)
  if [[ $directive == :0 ]]; then compopt -o default; fi
}
complete -F _peerwright peerwright
`;

const ZSH = `#compdef peerwright
# zsh completion of peerwright
_peerwright() {
  local line directive=:4
  local -a found
  for line in "\${(@f)$("\${(Q)words[1]/#\\~\\//$HOME/}" __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :*) directive=$line ;;
      *$'\\t'*) found+=("\${line%%$'\\t'*}:\${line#*$'\\t'}") ;;
      ?*) found+=("$line") ;;
    esac
  done
  if [[ $words[CURRENT] == --*=* ]]; then compset -P '*='; fi
  if (( $#found )); then _describe peerwright found; fi
  if [[ $directive == :0 ]]; then _files; fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _peerwright "$@"; else compdef _peerwright peerwright; fi
`;

const FISH = `# fish completion of peerwright
function __peerwright_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -e words[1]
    set -l lines ($program __complete -- $words "$current" 2>/dev/null)
    set -l prefix (string match -r -- '^--[^=]+=' "$current")
    for line in (string match -v -- ':*' $lines)
        echo "$prefix$line"
    end
    if test "$lines[-1]" = :0
        for line in (__fish_complete_path (string replace -- "$prefix" '' "$current"))
            echo "$prefix$line"
        end
    end
end
complete -c peerwright -f -a '(__peerwright_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
